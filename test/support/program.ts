import { spawn, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The compiled command line, as `npm run build` leaves it. */
export const PROGRAM = resolve(__dirname, '../../dist/cli/main.js');

/** How a command ended. */
export interface Finished {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `sae-match` command in a process of its own. */
export interface Command {
  readonly pid: number;
  readonly finished: Promise<Finished>;
  /** Waits until standard error contains `text`. @throws Error when the command ends before */
  says(text: string): Promise<void>;
  /** Standard error so far. */
  said(): string;
  /** Standard output so far. */
  printed(): string;
  isRunning(): boolean;
  /** Sends a signal; SIGKILL also reaches commands that were stopped. */
  kill(signal: NodeJS.Signals): void;
}

/**
 * Starts `sae-match <args>` with the environment of the tests and `env`, without any configured server.
 *
 * @param program another build of the command line
 */
export function startProgram(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  program = PROGRAM
): Command {
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...withoutServer(process.env), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()));
  const finished = new Promise<Finished>((fulfil, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      running.delete(child);
      fulfil({ code, ...text });
    });
  });
  return {
    pid: child.pid!,
    finished,
    says: async (wanted) => {
      while (!text.stderr.includes(wanted)) {
        if (!running.has(child)) throw new Error(`the command ended without saying "${wanted}":\n${text.stderr}`);
        await sleep(10);
      }
    },
    said: () => text.stderr,
    printed: () => text.stdout,
    isRunning: () => running.has(child),
    kill: (signal) => child.kill(signal),
  };
}

/** Runs `sae-match <args>` to its end. */
export function runProgram(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Finished> {
  return startProgram(args, env).finished;
}

/** Expects an exit code; says what the command said when it has another. */
export function expectCode({ code, stdout, stderr }: Finished, expected: number): void {
  if (code === expected) return;
  throw new Error(`exit code ${code ?? 'none (killed)'}, expected ${expected}\n${stderr}\n${stdout}`);
}

/** Kills every command that {@link startProgram} started and that still runs. */
export async function killPrograms(): Promise<void> {
  const ends = [...running].map((child) => new Promise((ended) => child.once('close', ended)));
  for (const child of running) child.kill('SIGKILL');
  await Promise.all(ends);
}

const running = new Set<ChildProcess>();

/** The environment without any configured Temporal server. */
export function withoutServer(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_')));
}
