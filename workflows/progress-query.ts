import { defineQuery } from '@temporalio/workflow';
import type { RunProgress } from './run-types';

/** Answered by a run, and by its comparison with the previous checkpoint, which counts layers as pairs. */
export const progressQuery = defineQuery<RunProgress>('progress');
