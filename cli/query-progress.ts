import type { WorkflowHandle } from '@temporalio/client';
import { driftWorkflowId } from '../workflows/drift-workflow-id';
import type { PairsProgress, RunProgress } from '../workflows/run-types';
import { isUnavailable, textOf } from './is-unavailable';

/** A worker that does not answer a query within this time is taken for busy or gone. */
const QUERY_MS = 3000;
/** Blocks that are asked how far they are: the ones that began first, which are counted next. */
const MOST_BLOCKS = 8;

/** How far a run is, with what its child workflows know themselves; null while no worker answers. */
export async function queryProgress(handle: WorkflowHandle): Promise<RunProgress | null> {
  try {
    return await handle.client.withDeadline(Date.now() + QUERY_MS, async () => {
      const progress = await handle.query<RunProgress>('progress');
      return progress.phase === 'drift' ? withDrift(handle, progress) : withBlocks(handle, progress);
    });
  } catch (error) {
    // The server waits for a worker for as long as the query may take.
    if (isUnavailable(error) && !textOf(error).includes('DEADLINE_EXCEEDED')) throw error;
    return null;
  }
}

/** The comparison with the previous checkpoint knows itself how far it is. */
async function withDrift(handle: WorkflowHandle, progress: RunProgress): Promise<RunProgress> {
  const drift = await queryChild(handle, driftWorkflowId(handle.workflowId));
  if (drift === null) return progress;
  const { pairs, setAside, pausesUntil } = drift;
  return { ...progress, drift: pairs, setAside, pausesUntil };
}

/** Pairs of blocks are counted by these, until they end. */
async function withBlocks(handle: WorkflowHandle, progress: RunProgress): Promise<RunProgress> {
  const asked = (progress.blocks ?? []).slice(0, MOST_BLOCKS).map((id) => queryChild(handle, id));
  return (await Promise.all(asked)).reduce<RunProgress>(
    (sum, block) => (block === null ? sum : add(sum, block)),
    progress
  );
}

function add(progress: RunProgress, block: RunProgress): RunProgress {
  const [a, b] = [progress.pairs, block.pairs];
  const again = new Set([...b.running, ...b.setAside]);
  const isOlder = ({ layers }: { layers: readonly number[] }): boolean => !again.has(layers.join(':'));
  const pairs: PairsProgress = {
    total: a.total,
    done: a.done + b.done,
    cached: a.cached + b.cached,
    failed: a.failed + b.failed,
    running: [...a.running, ...b.running],
    setAside: [...a.setAside.filter((name) => !again.has(name)), ...b.setAside],
  };
  return {
    ...progress,
    pairs,
    setAside: [...progress.setAside.filter(isOlder), ...block.setAside],
    failures: [...progress.failures, ...block.failures],
  };
}

/** What a workflow that belongs to a run answers; null while it is about to begin. */
async function queryChild(handle: WorkflowHandle, workflowId: string): Promise<RunProgress | null> {
  const { WorkflowNotFoundError } = await import('@temporalio/client');
  try {
    return await handle.client.getHandle(workflowId).query<RunProgress>('progress');
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
