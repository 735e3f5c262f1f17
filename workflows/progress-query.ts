import { defineQuery } from '@temporalio/workflow';
import type { RunProgress } from './run-types';

export interface ProgressDetail {
  /** Whether the state of every pair is wanted too. */
  readonly grid?: boolean;
}

/** Answered by a run, by its blocks, and by its comparison with the previous checkpoint, which counts layers as pairs. */
export const progressQuery = defineQuery<RunProgress, [ProgressDetail?]>('progress');
