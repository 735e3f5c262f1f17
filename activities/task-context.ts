import type { MatchProgress } from '../matching/ports';

/** What a step of heavy work gets from whoever runs it: a place to report to, and the wish to stop. */
export interface TaskContext {
  readonly onProgress: (progress: TaskProgress) => void;
  /** Something worth a line in a log: a trouble that the work gets over, unless another level is given. */
  readonly onNote: (text: string, level?: NoteLevel) => void;
  /** An object of a folded layer was opened to be read. */
  readonly onFoldedRead: (read: FoldedRead) => void;
  /** @throws CancelledError when the caller wants the work to stop */
  readonly throwIfCancelled: () => void;
}

export type NoteLevel = 'info' | 'warn';

type StepPhase =
  | 'measuring'
  | 'reading'
  | 'downloading'
  | 'hashing'
  | 'folding'
  | 'reporting'
  | 'writing'
  | 'verifying'
  | 'evaluating'
  | 'judging';

export interface TaskProgress {
  readonly phase: StepPhase | MatchProgress['phase'];
  readonly done: number;
  readonly total: number;
  readonly gap: number | null;
}

/** Phases whose progress is not counted; `reporting` is what is said about matches, such as their cosines. */
export const READING: TaskProgress = { phase: 'reading', done: 0, total: 1, gap: null };
export const REPORTING: TaskProgress = { phase: 'reporting', done: 0, total: 1, gap: null };
export const WRITING: TaskProgress = { phase: 'writing', done: 0, total: 1, gap: null };

/** What the heartbeats of an activity carry. */
export interface Heartbeat {
  /** The layers that it works on, one or two; none where it works on all. */
  readonly layers: readonly number[];
  /** Null before there is any. */
  readonly progress: TaskProgress | null;
}

/** How an object of a folded layer came to be read. */
export interface FoldedRead {
  /** It was in a store of this machine, in the cache of this machine, or fetched from a remote store. */
  readonly from: 'local' | 'cached' | 'fetched';
  /** Bytes that came over the network for it, repeated ones included. */
  readonly fetchedBytes: number;
}

/** For what may have to be downloaded first, `total` bytes in all: reports its progress, and stops it on demand. */
export function reportTransfer(context: TaskContext, total: number): (bytes: number) => void {
  let done = 0;
  return (bytes) => {
    context.throwIfCancelled();
    done += bytes;
    context.onProgress({ phase: 'downloading', done, total, gap: null });
  };
}

/** Reports nothing and never stops. */
export const silentContext: TaskContext = {
  onProgress: () => undefined,
  onNote: () => undefined,
  onFoldedRead: () => undefined,
  throwIfCancelled: () => undefined,
};
