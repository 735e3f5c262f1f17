import type { Argument, Command, Option } from 'commander';

/** What can be completed behind a command or a verb. */
export interface CompletedCommand {
  /** The verbs that lead to it, such as `schedule create`; empty for the command itself. */
  readonly path: string;
  readonly verbs: readonly Described[];
  readonly flags: readonly CompletedFlag[];
  readonly args: readonly CompletedArgument[];
}

interface Described {
  readonly name: string;
  /** One line. */
  readonly description: string;
}

export interface CompletedFlag extends Described {
  /** What its value is; null when it takes none. */
  readonly value: string | null;
  readonly choices: readonly string[];
}

export interface CompletedArgument {
  readonly name: string;
  readonly choices: readonly string[];
  readonly isVariadic: boolean;
}

/** The command and everything below it, as its help shows them. */
export function completedCommands(command: Command, path = ''): CompletedCommand[] {
  const help = command.createHelp();
  const below = help.visibleCommands(command);
  const own: CompletedCommand = {
    path,
    verbs: below.map((verb) => ({ name: verb.name(), description: oneLine(verb.summary() || verb.description()) })),
    flags: help.visibleOptions(command).map(flagOf),
    args: command.registeredArguments.map(argumentOf),
  };
  return [own, ...below.flatMap((verb) => completedCommands(verb, `${path} ${verb.name()}`.trim()))];
}

function flagOf(option: Option): CompletedFlag {
  const takesValue = option.required || option.optional;
  return {
    name: option.long!,
    description: oneLine(option.description),
    value: takesValue ? (/[<[]([^>\]]+)[>\]]/.exec(option.flags)?.[1] ?? 'value') : null,
    choices: option.argChoices ?? [],
  };
}

function argumentOf(argument: Argument): CompletedArgument {
  return { name: argument.name(), choices: argument.argChoices ?? [], isVariadic: argument.variadic };
}

const oneLine = (text: string): string => text.split('\n')[0]!.trim();
