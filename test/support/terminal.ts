import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Terminal } from '@xterm/headless';

import { PROGRAM, withoutServer } from './program';

const PTY = join(__dirname, 'on-pty.py');
/** Nothing that a test waits for takes longer on a busy machine. */
const PATIENCE_MS = 50_000;

/** A program on a terminal, and what a person would see there. */
export interface OnTerminal {
  /** Of the program itself. */
  readonly pid: Promise<number>;
  /** Resolves to the exit code; 128 and more when a signal ended it. */
  readonly ended: Promise<number>;
  /** The lines on the screen now, without blanks at their ends. */
  screen(): Promise<string[]>;
  /** All lines, also those that have left the screen at its top. */
  all(): Promise<string[]>;
  cursor(): Promise<{ readonly x: number; readonly y: number; readonly isVisible: boolean }>;
  /** Everything that was written to the terminal so far. */
  written(): string;
  /** Waits until the screen is as wanted, and returns it. @throws Error with the screen when the program ends, or time is up */
  shows(wanted: RegExp | ((screen: string) => boolean)): Promise<string[]>;
  resize(columns: number, rows: number): void;
  type(text: string): void;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Starts `sae-match <args>` on a terminal of this size. */
export function startOnTerminal(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  size: { readonly columns: number; readonly rows: number }
): OnTerminal {
  return programOnTerminal([process.execPath, PROGRAM, ...args], env, size);
}

export function programOnTerminal(
  program: readonly string[],
  env: Readonly<Record<string, string>>,
  { columns, rows }: { readonly columns: number; readonly rows: number }
): OnTerminal {
  // An empty one would leave out colours too.
  const inherited = withoutServer(process.env);
  delete inherited.NO_COLOR;
  const child = spawn('python3', [PTY, String(columns), String(rows), ...program], {
    env: { ...inherited, TERM: 'xterm-256color', LANG: 'C.UTF-8', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  started.add(child);
  return new Emulated(child, columns, rows);
}

/** Ends what {@link startOnTerminal} started and still runs. */
export async function closeTerminals(): Promise<void> {
  const ends = [...started].map((child) => new Promise((ended) => child.once('close', ended)));
  for (const child of started) child.stdin!.destroy();
  for (const child of started) child.kill('SIGKILL');
  await Promise.all(ends);
}

const started = new Set<ChildProcess>();

class Emulated implements OnTerminal {
  readonly pid: Promise<number>;
  readonly ended: Promise<number>;
  private readonly terminal: Terminal;
  private hasEnded = false;
  private text = '';

  constructor(
    private readonly child: ChildProcess,
    columns: number,
    rows: number
  ) {
    this.terminal = new Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 1000 });
    let first: ((pid: number) => void) | null = null;
    this.pid = new Promise((resolve) => (first = resolve));
    let head = Buffer.alloc(0);
    child.stdout!.on('data', (chunk: Buffer) => {
      if (first === null) {
        this.take(chunk);
        return;
      }
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\n');
      if (end < 0) return;
      first(Number(head.subarray(0, end).toString()));
      first = null;
      this.take(head.subarray(end + 1));
    });
    this.ended = new Promise((resolve) => {
      child.once('close', (code) => {
        started.delete(child);
        this.hasEnded = true;
        resolve(code ?? -1);
      });
    });
  }

  async screen(): Promise<string[]> {
    await this.settled();
    const { buffer, rows } = this.terminal;
    return this.lines(buffer.active.baseY, rows);
  }

  async all(): Promise<string[]> {
    await this.settled();
    return this.lines(0, this.terminal.buffer.active.length);
  }

  async cursor(): Promise<{ x: number; y: number; isVisible: boolean }> {
    await this.settled();
    const { cursorX: x, cursorY: y } = this.terminal.buffer.active;
    const last = /\u001b\[\?25([hl])(?![^]*\u001b\[\?25[hl])/.exec(this.text)?.[1];
    return { x, y, isVisible: last !== 'l' };
  }

  written(): string {
    return this.text;
  }

  async shows(wanted: RegExp | ((screen: string) => boolean)): Promise<string[]> {
    const holds = typeof wanted === 'function' ? wanted : (screen: string): boolean => wanted.test(screen);
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const over = this.hasEnded || Date.now() > deadline;
      const lines = await this.screen();
      if (holds(lines.join('\n'))) return lines;
      if (over) throw new Error(`the terminal does not show ${String(wanted)}:\n${lines.join('\n')}`);
      await sleep(20);
    }
  }

  resize(columns: number, rows: number): void {
    this.terminal.resize(columns, rows);
    this.child.stdin!.write(`resize ${columns} ${rows}\n`);
  }

  type(text: string): void {
    this.child.stdin!.write(`type ${Buffer.from(text).toString('hex')}\n`);
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    process.kill(await this.pid, signal);
  }

  private take(chunk: Buffer): void {
    this.text += chunk.toString('latin1');
    this.terminal.write(chunk);
  }

  /** The emulator works off what it is given a little later. */
  private settled(): Promise<void> {
    return new Promise((resolve) => {
      this.terminal.write('', resolve);
    });
  }

  private lines(from: number, count: number): string[] {
    const { active } = this.terminal.buffer;
    return Array.from(
      { length: count },
      (_, row) =>
        active
          .getLine(from + row)
          ?.translateToString(true)
          .trimEnd() ?? ''
    );
  }
}
