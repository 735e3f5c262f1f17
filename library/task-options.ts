/** How far a long call is. */
export interface Progress {
  /** What it is doing, for example `reading`, `candidates`, `pricing` or `verifying`. */
  readonly phase: string;
  /** How much of the phase is done, of `total`. */
  readonly done: number;
  readonly total: number;
  /** Objective − bound so far, while there is one; else null. */
  readonly gap: number | null;
}

/** What long calls take beside their own options. They run in threads of their own, so that the event loop stays free. */
export interface TaskOptions {
  /** Stops the work between two tiles; the call then throws a {@link CancelledError}. */
  readonly signal?: AbortSignal;
  /** Told how far the work is, a few times a second. */
  readonly onProgress?: (progress: Progress) => void;
  /** Told what a log should say, in sentences: a smaller tile, another device. */
  readonly onNote?: (text: string) => void;
}
