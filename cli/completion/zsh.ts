import type { CompletedArgument, CompletedCommand, CompletedFlag } from './completed-command';

/** A script that tells zsh how to complete the command: for a file `_<name>` on its fpath, or to be sourced. */
export function zshScript(name: string, commands: readonly CompletedCommand[]): string {
  const main = `_${name.replaceAll('-', '_')}`;
  return `#compdef ${name}
# Completion of ${name} for zsh. To be had in every shell: source <(${name} completion zsh) in ~/.zshrc, after compinit.
${commands.map((command) => functionOf(main, command)).join('\n')}
if [[ $funcstack[1] == ${main} ]]; then
  ${main} "$@"
else
  compdef ${main} ${name}
fi
`;
}

function functionOf(main: string, { path, flags, verbs, args }: CompletedCommand): string {
  const specs = flags.map(flagSpec);
  if (verbs.length === 0) {
    return `${functionName(main, path)}() {
  _arguments -s \\
    ${[...specs, ...args.map(argumentSpec)].join(' \\\n    ')}
}`;
  }
  const described = verbs.map((verb) => quoted(`${verb.name}:${verb.description}`));
  const cases = verbs.map((verb) => `${verb.name}) ${functionName(main, `${path} ${verb.name}`.trim())} ;;`);
  return `${functionName(main, path)}() {
  local curcontext="$curcontext" state
  local -a line verbs
  _arguments -C \\
    ${specs.join(' \\\n    ')} \\
    '1: :->verb' '*:: :->rest'
  case $state in
    verb)
      verbs=(
        ${described.join('\n        ')}
      )
      _describe verb verbs
      ;;
    rest)
      case $line[1] in
        ${cases.join('\n        ')}
      esac
      ;;
  esac
}`;
}

/** Such as `'--out=[where results go]:folder:_files'`. */
function flagSpec({ name, description, value, choices }: CompletedFlag): string {
  const text = description.replaceAll(/[[\]\\:]/g, '\\$&');
  if (value === null) return quoted(`${name}[${text}]`);
  return quoted(`${name}=[${text}]:${value.replaceAll(':', ' or ')}:${valuesOf(choices)}`);
}

const argumentSpec = ({ name, choices, isVariadic }: CompletedArgument): string =>
  quoted(`${isVariadic ? '*' : ''}:${name}:${valuesOf(choices)}`);

const valuesOf = (choices: readonly string[]): string => (choices.length === 0 ? '_files' : `(${choices.join(' ')})`);

const functionName = (main: string, path: string): string =>
  path === '' ? main : `${main}_${path.replaceAll(/[ -]/g, '_')}`;

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
