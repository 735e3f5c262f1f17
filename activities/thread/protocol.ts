import {
  ArtifactCorruptError,
  DeviceError,
  EnvironmentError,
  InputError,
  MemoryBudgetError,
  SaeMatchError,
  UnavailableError,
  UsageError,
} from '../../matching/errors';
import type { StoreTraffic } from '../../artifacts/store/metered-store';
import type { FoldedRead, NoteLevel, TaskProgress } from '../task-context';
import type { ThreadError } from './thread-errors';

/** The errors that keep their class between threads; a subclass arrives as the nearest of these. */
export const ERROR_CLASSES = [
  ArtifactCorruptError,
  DeviceError,
  EnvironmentError,
  InputError,
  MemoryBudgetError,
  UnavailableError,
  UsageError,
  SaeMatchError,
] as const;

/** What a thread is asked to do; it is asked again only once it has answered. */
export interface ToThread {
  readonly name: string;
  readonly input: unknown;
  /** One 32-bit flag that the caller sets to 1 to ask the task to stop. */
  readonly cancelled: SharedArrayBuffer;
}

/** What a thread says to its caller; `held` are the bytes of arrays that it still has in memory. */
export type FromThread =
  | { readonly kind: 'progress'; readonly progress: TaskProgress }
  | { readonly kind: 'note'; readonly text: string; readonly level?: NoteLevel | undefined }
  | { readonly kind: 'foldedRead'; readonly read: FoldedRead }
  | { readonly kind: 'storeTraffic'; readonly traffic: StoreTraffic }
  | { readonly kind: 'result'; readonly value: unknown; readonly held: number }
  | {
      readonly kind: 'error';
      readonly error: ThreadError;
    };
