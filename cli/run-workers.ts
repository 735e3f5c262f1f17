import type { Client } from '@temporalio/client';
import type { Pool } from '../workers/pools';
import type { PendingStep } from './observe-run';

/** A worker process that takes the work of a run, or has some of it. */
export interface RunWorker {
  /** Such as `1234@host`. */
  readonly identity: string;
  /** Kinds of work that it asked for lately; none of a worker that is busy with all that it can take. */
  readonly pools: readonly Pool[];
  /** When it last asked for work; null when that is not known. */
  readonly asked: Date | null;
}

const POOLS: readonly Pool[] = ['workflow', 'io', 'fold', 'match'];
/** Idle workers ask for work once a minute; the server remembers for five who did. */
const SILENT_MS = 75_000;

/** The workers that asked for work of these task queues within the last minute, by identity. */
export async function workersOf(client: Client, taskQueue: string): Promise<RunWorker[]> {
  const { workflowService } = client.connection;
  const { namespace } = client.options;
  const { temporal } = (await import('@temporalio/proto')).default;
  const answers = await Promise.all(
    POOLS.map(async (pool) => {
      const { TASK_QUEUE_TYPE_ACTIVITY, TASK_QUEUE_TYPE_WORKFLOW } = temporal.api.enums.v1.TaskQueueType;
      const [name, taskQueueType] =
        pool === 'workflow'
          ? ([taskQueue, TASK_QUEUE_TYPE_WORKFLOW] as const)
          : ([`${taskQueue}-${pool}`, TASK_QUEUE_TYPE_ACTIVITY] as const);
      const { pollers } = await workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType });
      return pollers.map(({ identity, lastAccessTime }) => ({
        pool,
        identity: identity ?? '',
        asked: 1000 * Number(lastAccessTime?.seconds ?? 0),
      }));
    })
  );
  const recent = answers.flat().filter(({ asked }) => Date.now() - asked < SILENT_MS);
  return [...new Set(recent.map(({ identity }) => identity))].sort().map((identity) => {
    const own = recent.filter((poller) => poller.identity === identity);
    const pools = POOLS.filter((pool) => own.some((poller) => poller.pool === pool));
    return { identity, pools, asked: new Date(Math.max(...own.map(({ asked }) => asked))) };
  });
}

/** These workers, and those that have steps but asked for no more. */
export function withBusy(workers: readonly RunWorker[], steps: readonly PendingStep[]): readonly RunWorker[] {
  const known = new Set(workers.map(({ identity }) => identity));
  const busy = new Set(steps.flatMap(({ worker }) => (worker === null || known.has(worker) ? [] : [worker])));
  return [...workers, ...[...busy].map((identity): RunWorker => ({ identity, pools: [], asked: null }))];
}
