import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';

export interface ServiceOptions {
  readonly command: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
  /** Gets what it prints, over all its lives. */
  readonly logFile: string;
  /** Gets its process id each time it starts. */
  readonly pidFile?: string;
}

/** A program that is started again whenever it ends, as a supervisor does it, until it is closed. */
export class Service {
  private child: ChildProcess | null = null;
  private closed = false;

  constructor(private readonly options: ServiceOptions) {
    this.start();
  }

  /** Process id of the program as it runs now; undefined between its lives. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Sends a signal to the program as it runs now. */
  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** Ends the program for good. */
  async close(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.closed = true;
    const { child } = this;
    if (child === null) return;
    const ended = new Promise((done) => child.once('close', done));
    child.kill(signal);
    await ended;
  }

  private start(): void {
    const { command, env, logFile, pidFile } = this.options;
    const log = openSync(logFile, 'a');
    const child = spawn(command[0], command.slice(1), { env, stdio: ['ignore', log, log] });
    closeSync(log);
    this.child = child;
    if (pidFile !== undefined) writeFileSync(pidFile, String(child.pid));
    child.once('close', () => {
      this.child = null;
      if (this.closed) return;
      setTimeout(() => {
        if (!this.closed) this.start();
      }, RESTART_MS);
    });
  }
}

const RESTART_MS = 500;
