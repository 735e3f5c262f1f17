/**
 * Runs tasks with at most `limit` of them at once, in the order they were given. Deterministic, hence fit for workflow
 * code.
 */
export function bounded(limit: number): <T>(task: () => Promise<T>) => Promise<T> {
  let free = limit;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resume) => waiting.push(resume));
    try {
      return await task();
    } finally {
      // A finished task hands its slot over, so that a newcomer cannot take it in between.
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
