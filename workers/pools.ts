/** Kinds of work a worker process can take. `workflow` runs orchestration only. */
export type Pool = 'workflow' | 'io' | 'fold' | 'match';
export const POOLS: readonly Pool[] = ['workflow', 'io', 'fold', 'match'];

/** The task queue of a pool. @param prefix of all task queues; workflows have it as it is */
export const taskQueueOf = (prefix: string, pool: Pool): string => (pool === 'workflow' ? prefix : `${prefix}-${pool}`);
