import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { SaeMatchError } from '../../matching/errors';
import type { RowAnswer, RowJob } from './row-jobs';

/** Elements below which starting a thread costs more than it saves. */
const FEW_ELEMENTS = 1 << 24;
/** Memory bounds this work: more threads than these gain nothing. */
const MOST_HELPERS = 3;
/** Runs of elements that are handed to a helper before it has answered. */
const MOST_WAITING = 2;
/** A helper that was asked nothing for so long is ended. */
const IDLE_MS = 2000;

/** A thread that works on rows beside this one. */
export class RowHelper {
  private readonly worker = new Worker(entry());
  private readonly waiting: { resolve: (answer: RowAnswer) => void; reject: (error: unknown) => void }[] = [];
  private ending: NodeJS.Timeout | undefined;
  private hasEnded = false;

  /** @param onEnd called when it takes no more jobs */
  constructor(
    private readonly onEnd: () => void,
    private readonly idleMs: number = IDLE_MS
  ) {
    const fail = (error: unknown): void => {
      this.end();
      for (const { reject } of this.waiting.splice(0)) reject(error);
    };
    this.worker.unref();
    this.worker.on('message', (answer: RowAnswer) => {
      this.waiting.shift()?.resolve(answer);
      if (this.waiting.length === 0) this.rest();
    });
    this.worker.on('error', fail);
    this.worker.on('exit', (code) => {
      fail(new SaeMatchError('a thread that helps with rows ended without an answer', { found: `exit code ${code}` }));
    });
  }

  /** Whether it takes a job now: it has few before it, so that it need not wait for this thread, and has not ended. */
  get isFree(): boolean {
    return !this.hasEnded && this.waiting.length < MOST_WAITING;
  }

  /** Hands over a job to one that has not ended; what it transfers can no longer be used here. */
  ask(job: RowJob, transfer: readonly ArrayBuffer[] = []): Promise<RowAnswer> {
    clearTimeout(this.ending);
    // Only a thread that owes an answer keeps the process alive.
    this.worker.ref();
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.worker.postMessage(job, transfer);
    });
  }

  private rest(): void {
    this.worker.unref();
    this.ending = setTimeout(() => {
      this.end();
      void this.worker.terminate();
    }, this.idleMs).unref();
  }

  private end(): void {
    this.hasEnded = true;
    this.onEnd();
  }
}

const helpers = new Set<RowHelper>();

/** The threads that help with so many elements: none where they are few, or this machine has one core. */
export function rowHelpers(elements: number): readonly RowHelper[] {
  if (elements < FEW_ELEMENTS) return [];
  const wanted = Math.min(MOST_HELPERS, availableParallelism() - 1);
  while (helpers.size < wanted) {
    const helper: RowHelper = new RowHelper(() => helpers.delete(helper));
    helpers.add(helper);
  }
  return [...helpers];
}

/** The compiled entry; sources that run without a build step use the one of the last build. */
function entry(): string {
  const beside = join(__dirname, 'row-thread.js');
  return existsSync(beside) ? beside : join(__dirname, '../../dist/sae/threads/row-thread.js');
}
