import type { WorkflowHandle } from '@temporalio/client';
import { driftWorkflowId } from '../workflows/drift-workflow-id';
import { overlay } from '../workflows/pair-grid';
import type { ProgressDetail } from '../workflows/progress-query';
import type { PairsProgress, RunProgress } from '../workflows/run-types';
import { isUnavailable, textOf } from './is-unavailable';

/** A worker that does not answer a query within this time is taken for busy or gone. */
const QUERY_MS = 3000;
/** Blocks that are asked how far they are: the ones that began first, which are counted next. */
const MOST_BLOCKS = 8;

/** How far a run is, with what its child workflows know themselves; null while no worker answers. */
export async function queryProgress(handle: WorkflowHandle, detail: ProgressDetail = {}): Promise<RunProgress | null> {
  try {
    return await handle.client.withDeadline(Date.now() + QUERY_MS, async () => {
      const progress = await ask(handle, detail);
      return progress.phase === 'drift' ? withDrift(handle, progress, detail) : withBlocks(handle, progress, detail);
    });
  } catch (error) {
    // The server waits for a worker for as long as the query may take.
    if (isUnavailable(error) && !textOf(error).includes('DEADLINE_EXCEEDED')) throw error;
    return null;
  }
}

/** The comparison with the previous checkpoint knows itself how far it is. */
async function withDrift(handle: WorkflowHandle, progress: RunProgress, detail: ProgressDetail): Promise<RunProgress> {
  const drift = await queryChild(handle, driftWorkflowId(handle.workflowId), detail);
  if (drift === null) return progress;
  const { pairs, setAside, pausesUntil, recentEnds } = drift;
  return { ...progress, drift: pairs, setAside, pausesUntil, recentEnds, ...gridOfBoth(progress, drift) };
}

/** Pairs of blocks are counted by these, until they end. */
async function withBlocks(handle: WorkflowHandle, progress: RunProgress, detail: ProgressDetail): Promise<RunProgress> {
  const ids = (progress.blocks ?? []).slice(0, MOST_BLOCKS);
  const blocks = (await Promise.all(ids.map((id) => queryChild(handle, id, detail)))).filter((block) => block !== null);
  return blocks.reduce<RunProgress>(add, progress);
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
    recentEnds: [...progress.recentEnds, ...block.recentEnds],
    setAside: [...progress.setAside.filter(isOlder), ...block.setAside],
    failures: [...progress.failures, ...block.failures],
    ...gridOfBoth(progress, block),
  };
}

/** What a child workflow says of its pairs is newer than what the run does. */
function gridOfBoth({ grid }: RunProgress, child: RunProgress): Pick<RunProgress, 'grid'> {
  return grid === undefined || child.grid === undefined ? {} : { grid: overlay(grid, child.grid) };
}

async function ask(handle: WorkflowHandle, detail: ProgressDetail): Promise<RunProgress> {
  // A worker of an earlier version tells no ends.
  return {
    recentEnds: [],
    ...(await handle.query<Partial<RunProgress>, [ProgressDetail]>('progress', detail)),
  } as RunProgress;
}

/** What a workflow that belongs to a run answers; null while it is about to begin. */
async function queryChild(
  handle: WorkflowHandle,
  workflowId: string,
  detail: ProgressDetail
): Promise<RunProgress | null> {
  const { WorkflowNotFoundError } = await import('@temporalio/client');
  try {
    return await ask(handle.client.getHandle(workflowId), detail);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
