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
  /**
   * For whoever keeps lines at the bottom of the terminal: says how something is written above them, instead of into them.
   * Null when they are kept no more.
   */
  writeAbove(above: ((write: () => void) => void) | null): void;
  /** Whether progress bars may be drawn. */
  readonly interactive: boolean;
  readonly quiet: boolean;
}

export function createOutput(quiet: boolean): Output {
  let writeAbove: ((write: () => void) => void) | null = null;
  const say = (line: string): void => {
    const write = (): void => void process.stderr.write(`${line}\n`);
    if (writeAbove === null) write();
    else writeAbove(write);
  };
  return {
    print: (line = '') => process.stdout.write(`${line}\n`),
    json: (value) => process.stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    note: (line) => {
      if (!quiet) say(line);
    },
    warn: say,
    writeAbove: (above) => {
      writeAbove = above;
    },
    interactive: !quiet && process.stderr.isTTY && process.env.TERM !== 'dumb',
    quiet,
  };
}
