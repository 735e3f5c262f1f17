import type { CompletedCommand } from './completed-command';

/** A script that tells fish how to complete the command. */
export function fishScript(name: string, commands: readonly CompletedCommand[]): string {
  const at = `__${name.replaceAll('-', '_')}_at`;
  const paths = commands.map(({ path }) => path).filter((path) => path !== '');
  return `# Completion of ${name} for fish: ${name} completion fish > ~/.config/fish/completions/${name}.fish
function ${at} --description 'Whether the verbs that were typed are these'
    set -l path
    for word in (commandline -opc)[2..]
        string match -q -- '-*' $word; and continue
        set -l longer (string join ' ' $path $word)
        contains -- $longer ${paths.map(quoted).join(' ')}; or break
        set path $longer
    end
    test "$path" = "$argv[1]"
end
complete -c ${name} -f
${commands.flatMap((command) => linesOf(name, at, command)).join('\n')}
`;
}

function linesOf(name: string, at: string, { path, verbs, flags, args }: CompletedCommand): string[] {
  const here = `complete -c ${name} -n ${quoted(`${at} "${path}"`)}`;
  const choices = args.flatMap((argument) => argument.choices);
  return [
    ...verbs.map((verb) => `${here} -a ${quoted(verb.name)} -d ${quoted(verb.description)}`),
    ...flags.map((flag) => {
      const values = flag.choices.length === 0 ? '-F' : `-a ${quoted(flag.choices.join(' '))}`;
      const value = flag.value === null ? '' : ` -r ${values}`;
      return `${here} -l ${flag.name.replace(/^--/, '')}${value} -d ${quoted(flag.description)}`;
    }),
    ...(choices.length > 0 ? [`${here} -a ${quoted(choices.join(' '))}`] : []),
    ...(choices.length === 0 && args.length > 0 ? [`${here} -F`] : []),
  ];
}

const quoted = (text: string): string => `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
