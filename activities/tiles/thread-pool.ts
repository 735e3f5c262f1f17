import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { DeviceError, SaeMatchError } from '../../matching/errors';
import type { StepResult } from '../../matching/engine/tile-worker';
import { reviveError } from '../thread/thread-errors';
import type { FromTileThread, ToTileThread } from './tile-protocol';

/** A thread that computes tiles, one request at a time. */
export class TileThread {
  private readonly worker = new Worker(entry());
  private waiting: { resolve: (result: StepResult) => void; reject: (error: Error) => void } | null = null;
  private lost: Error | null = null;

  constructor() {
    this.worker.unref();
    this.worker.on('message', (message: FromTileThread) => {
      const { waiting } = this;
      this.settle();
      if (message.kind === 'result') waiting?.resolve(message.result);
      else waiting?.reject(reviveError(message.error));
    });
    const fail = (error: Error): void => {
      this.lost ??= error;
      const { waiting } = this;
      this.settle();
      waiting?.reject(error);
    };
    this.worker.on('error', fail);
    this.worker.on('exit', (code) => {
      fail(new DeviceError('a tile thread ended without an answer', { found: `exit code ${code}` }));
    });
  }

  get isUsable(): boolean {
    return this.lost === null && this.waiting === null;
  }

  ask(message: ToTileThread): Promise<StepResult> {
    if (this.lost !== null) return Promise.reject(this.lost);
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      // Only a thread that owes an answer keeps the process alive.
      this.worker.ref();
      this.worker.postMessage(message);
    });
  }

  end(): void {
    void this.worker.terminate();
  }

  private settle(): void {
    this.waiting = null;
    this.worker.unref();
  }
}

/** Threads that wait for the next problem: starting one and loading the runtime takes longer than a small pair. */
const idle: TileThread[] = [];

export function borrowThreads(count: number): TileThread[] {
  return Array.from({ length: count }, () => idle.pop() ?? new TileThread());
}

/** Takes threads back once they have let go of their problem; those that are busy or broken are ended. */
export async function returnThreads(threads: readonly TileThread[]): Promise<void> {
  for (const thread of threads) {
    try {
      if (!thread.isUsable) throw new SaeMatchError('the thread is not usable');
      await thread.ask({ kind: 'unload' });
      idle.push(thread);
    } catch {
      thread.end();
    }
  }
}

/** The compiled entry; sources that run without a build step use the one of the last build. */
function entry(): string {
  const beside = join(__dirname, 'tile-thread.js');
  return existsSync(beside) ? beside : join(__dirname, '../../dist/activities/tiles/tile-thread.js');
}
