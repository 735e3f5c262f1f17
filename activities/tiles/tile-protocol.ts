import type { OrtDevice } from '../../kernels/ort-device';
import type { SharedProblem } from '../../matching/engine/shared-problem';
import type { SimilarityStore } from '../../matching/engine/similarity-store';
import type { StepResult, TileStep } from '../../matching/engine/tile-worker';
import type { ThreadError } from '../thread/thread-errors';

/** What a tile thread is told. Each message is answered once. */
export type ToTileThread =
  | {
      readonly kind: 'load';
      readonly problem: SharedProblem;
      readonly store: SimilarityStore | null;
      readonly device: OrtDevice;
    }
  | { readonly kind: 'step'; readonly step: TileStep }
  | { readonly kind: 'unload' };

export type FromTileThread =
  { readonly kind: 'result'; readonly result: StepResult } | { readonly kind: 'error'; readonly error: ThreadError };
