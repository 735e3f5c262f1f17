import { CancelledFailure } from '@temporalio/activity';
import type { MatchActivities } from '../workflows/activity-types';
import { atBoundary } from './boundary';
import type { ActivityPorts, PairFigures } from './ports';
import { readMatchSummary } from './steps/match-summary';

export interface MatchPoolOptions {
  /** Bytes the process may use, when the run does not say. */
  readonly memoryBudget: number;
  /** Matches this process runs at once; they share the budget. */
  readonly slots: number;
}

/** Activities of the `match` pool. Idempotent by content address. */
export function createMatchActivities(ports: ActivityPorts, pool: MatchPoolOptions): MatchActivities {
  const { runTask, openStore, observer } = ports;
  return {
    matchLayers: async ({ spec, execution, source, target }) => {
      const { slots } = pool;
      const memoryBudget = execution.memoryBudget ?? pool.memoryBudget;
      observer.pairStarted();
      try {
        const match = await atBoundary(observer, (options) =>
          runTask('matchLayers', { spec, source, target, memoryBudget, slots }, options)
        );
        observer.artifactLooked('matches', match.cached);
        const summary = await readMatchSummary(openStore(spec.out), match.key);
        observer.pairEnded('done', summary && figuresOf(summary.row));
        return match;
      } catch (error) {
        observer.pairEnded(error instanceof CancelledFailure ? 'cancelled' : 'failed', null);
        throw error;
      }
    },
  };
}

function figuresOf(row: {
  seconds: number | null;
  matched: number | null;
  gap: number | null;
  device: string | null;
}): PairFigures {
  return {
    seconds: row.seconds ?? 0,
    matched: row.matched ?? 0,
    gap: row.gap ?? 0,
    device: row.device ?? 'unknown',
  };
}
