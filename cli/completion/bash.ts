import type { CompletedCommand } from './completed-command';

/** A script that tells bash how to complete the command. What is no verb or flag is completed as a file name. */
export function bashScript(name: string, commands: readonly CompletedCommand[]): string {
  const paths = commands.map(({ path }) => path).filter((path) => path !== '');
  return `# Completion of ${name} for bash. To be had in every shell: source <(${name} completion bash) in ~/.bashrc.
_${identifier(name)}() {
  local cur prev path='' word i flags='' valued='' verbs='' choices=''
  cur=\${COMP_WORDS[COMP_CWORD]}
  prev=\${COMP_WORDS[COMP_CWORD-1]}
  # Readline takes the = of --flag=value for a word of its own.
  if [[ $cur == = ]]; then
    cur=''
  elif [[ $prev == = ]]; then
    prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    [[ $word == -* ]] && continue
    case "\${path:+$path }$word" in
      ${paths.map(quoted).join(' | ')}) path="\${path:+$path }$word" ;;
      *) break ;;
    esac
  done
  case $path in
${commands.map(caseOf).join('\n')}
  esac
  COMPREPLY=()
  if [[ " $valued " == *" $prev "* ]]; then
    # A value: nothing is known of it but that it may be a file.
    return
  elif [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$cur")
  elif [[ -n $verbs$choices ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$verbs $choices" -- "$cur")
    compopt +o default +o bashdefault
  fi
}
complete -o bashdefault -o default -F _${identifier(name)} ${name}
`;
}

function caseOf({ path, flags, verbs, args }: CompletedCommand): string {
  const valued = flags.filter(({ value }) => value !== null);
  const words = (values: readonly string[]): string => quoted(values.join(' '));
  return `    ${quoted(path)})
      flags=${words(flags.map(({ name }) => name))}
      valued=${words(valued.map(({ name }) => name))}
      verbs=${words(verbs.map(({ name }) => name))}
      choices=${words(args.flatMap(({ choices }) => choices))}
      ;;`;
}

const quoted = (text: string): string => `'${text}'`;

const identifier = (name: string): string => name.replaceAll('-', '_');
