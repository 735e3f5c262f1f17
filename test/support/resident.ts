import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Finished } from './program';

/**
 * A program that runs many things in one process: it reads requests, a line of JSON each, from standard input and answers
 * each with a line of JSON that says how it ended. It begins with the first request and ends after the last test of the
 * file.
 */
export function resident(start: () => ChildProcess): (request: object) => Promise<Finished> {
  let running: Resident | undefined;
  afterAll(() => running?.end());
  return (request) => (running ??= new Resident(start())).ask(request);
}

/** A program with pipes to its standard input and output. */
export function startResident(program: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(program, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
}

interface Waiting {
  readonly resolve: (finished: Finished) => void;
  readonly reject: (error: Error) => void;
}

class Resident {
  private readonly waiting: Waiting[] = [];
  private readonly ended: Promise<void>;

  constructor(private readonly child: ChildProcess) {
    createInterface(child.stdout!).on('line', (line) => {
      this.answer(line);
    });
    this.ended = new Promise((resolve) => {
      const end = (reason: unknown): void => {
        const error = new Error('a resident program ended before its answer', { cause: reason });
        for (const { reject } of this.waiting.splice(0)) reject(error);
        resolve();
      };
      child.once('error', end).once('close', end);
    });
  }

  ask(request: object): Promise<Finished> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.child.stdin!.write(`${JSON.stringify(request)}\n`);
    });
  }

  async end(): Promise<void> {
    this.child.stdin!.end();
    await this.ended;
  }

  private answer(line: string): void {
    const { resolve, reject } = this.waiting.shift()!;
    try {
      resolve(JSON.parse(line) as Finished);
    } catch {
      reject(new Error(`a resident program printed "${line}"`));
    }
  }
}
