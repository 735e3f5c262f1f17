/** Where a verb writes: results to standard output, everything else to standard error. */
export interface Output {
  /** One line of result. */
  print(line?: string): void;
  /** A JSON result, indented. */
  json(value: unknown): void;
  /** One line about what is going on; silent with --quiet. */
  note(line: string): void;
  /** Something the user should know even with --quiet. */
  warn(line: string): void;
  /** Whether progress bars may be drawn. */
  readonly interactive: boolean;
  readonly quiet: boolean;
}

export function createOutput(quiet: boolean): Output {
  return {
    print: (line = '') => process.stdout.write(`${line}\n`),
    json: (value) => process.stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    note: (line) => {
      if (!quiet) process.stderr.write(`${line}\n`);
    },
    warn: (line) => process.stderr.write(`${line}\n`),
    interactive: !quiet && process.stderr.isTTY && process.env.TERM !== 'dumb',
    quiet,
  };
}
