import { availableParallelism } from 'node:os';
import type { OrtDevice } from '../../kernels/ort-device';
import type { CheckpointPort, MatchPorts } from '../../matching/ports';
import type { TaskContext } from '../task-context';
import { createTileThreads } from '../tiles/tile-threads';

/** What a process lends to the matches it runs. */
export interface MatchResources {
  /** Bytes the process may use. */
  readonly memoryBudget: number;
  /** Matches that share the budget and the cores. */
  readonly slots: number;
  /** Where tiles are computed, as long as it works. */
  readonly device: OrtDevice;
  /** A match that takes longer leaves its state in the store this often. */
  readonly checkpointSeconds: number;
}

/** What a worker process lends: each match gets one of its devices. */
export interface MatchPool extends Omit<MatchResources, 'device'> {
  /** At least one. */
  readonly devices: readonly OrtDevice[];
}

/** What the process may still allocate for one match, both layers being loaded. */
export function memoryLeft({ memoryBudget, slots }: Pick<MatchResources, 'memoryBudget' | 'slots'>): number {
  return Math.max(0, Math.floor((memoryBudget - process.memoryUsage.rss()) / slots));
}

/**
 * The engine's ports, reporting to the task's context.
 *
 * @param checkpoint where a long match leaves its state; null: nowhere
 */
export function matchPorts(
  context: TaskContext,
  { device, slots }: Pick<MatchResources, 'device' | 'slots'>,
  checkpoint: CheckpointPort | null
): MatchPorts {
  const threads = Math.max(1, Math.floor(availableParallelism() / slots));
  return {
    tiles: createTileThreads({ device, threads }),
    onProgress: context.onProgress,
    throwIfCancelled: context.throwIfCancelled,
    onPlan: (storage, reason) => {
      // Where everything fits there is nothing to tell.
      if (storage === 'best' || storage === 'streamed') context.onNote(reason, 'info');
    },
    onFallback: (from, to) => {
      context.onNote(`matching on ${device} moves from ${from} to ${to}`);
    },
    ...(checkpoint !== null && { checkpoint }),
    now: () => performance.now(),
  };
}
