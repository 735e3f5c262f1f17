import { CancelledFailure } from '@temporalio/activity';
import type { MatchActivities } from '../workflows/activity-types';
import type { AttemptFacts } from './attempt-facts';
import { atBoundary } from './boundary';
import type { ActivityPorts, PairFigures } from './ports';
import type { MatchPool } from './steps/match-resources';
import type { MatchRow } from './steps/match-summary';
import type { TaskProgress } from './task-context';
import { DevicePool } from './tiles/device-pool';

/**
 * Activities of the `match` pool. Idempotent by content address.
 *
 * @param pool what this process lends, to each match one of its devices; a run may set another memory budget
 */
export function createMatchActivities(ports: ActivityPorts, { devices, ...pool }: MatchPool): MatchActivities {
  const { runTask, observer } = ports;
  const devicePool = new DevicePool(devices);
  return {
    matchLayers: async ({ spec, execution, source, target }) => {
      const lent = devicePool.lend();
      const resources = { ...pool, device: lent.device, memoryBudget: execution.memoryBudget ?? pool.memoryBudget };
      const pair = observer.pairStarted();
      const about = { source_layer: source.layer, target_layer: target.layer, device: lent.device };
      try {
        return await atBoundary(observer, about, async (options) => {
          const onProgress = (progress: TaskProgress): void => {
            options.onProgress(progress);
            pair.progress(progress);
          };
          const { match, row } = await runTask(
            'matchLayers',
            { spec, source, target, resources },
            { ...options, onProgress }
          );
          observer.artifactLooked('matches', match.cached);
          const figures = figuresOf(row, match.cached);
          options.onFacts({ cached: match.cached, ...factsOf(figures) });
          pair.ended('done', figures);
          return match;
        });
      } catch (error) {
        pair.ended(error instanceof CancelledFailure ? 'cancelled' : 'failed', null);
        throw error;
      } finally {
        lent.release();
      }
    },
  };
}

function figuresOf(row: MatchRow, cached: boolean): PairFigures {
  return {
    seconds: row.seconds ?? 0,
    matched: row.matched ?? 0,
    gap: row.gap ?? 0,
    passes: row.passes ?? 0,
    device: row.device ?? 'unknown',
    // Those of a match that was found were counted when it was made.
    fallbacks: cached ? 0 : (row.fallbacks ?? 0),
  };
}

const factsOf = ({ device, matched, gap, passes, fallbacks }: PairFigures): AttemptFacts => ({
  ...{ device, matched, gap, passes, fallbacks },
});
