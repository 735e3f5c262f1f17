import type { TaskProgress } from '../task-context';

/** What a thread is started with. */
export interface ToThread {
  readonly name: string;
  readonly input: unknown;
  /** One 32-bit flag that the caller sets to 1 to ask the task to stop. */
  readonly cancelled: SharedArrayBuffer;
}

/** What a thread says to its caller. */
export type FromThread =
  | { readonly kind: 'progress'; readonly progress: TaskProgress }
  | { readonly kind: 'result'; readonly value: unknown }
  | {
      readonly kind: 'error';
      readonly error: {
        readonly type: string;
        readonly message: string;
        readonly stack: string;
        readonly code: string | null;
      };
    };
