import type { PairGrid } from '../../workflows/pair-grid';
import type { RunDisplay } from '../follow-run';
import { Cadence } from './cadence';
import type { RunView, WatchedRun } from './run-view';
import { createTellingDisplay } from './telling-display';
import { changesOf, faultEvent, progressEvent } from './watch-events';
import type { WatchEvent } from './watch-events';

/** Shows a run as a stream of events: faults at once, progress not more often than every `everyMs`. */
export function createJsonDisplay(
  run: WatchedRun & Pick<RunDisplay, 'workersOf'>,
  emit: (event: WatchEvent) => void,
  everyMs: number
): RunDisplay {
  const cadence = new Cadence(everyMs);
  let toldGrid: PairGrid | undefined;
  let phase: string | null = null;
  const onView = (current: RunView): void => {
    const grid = current.progress?.grid;
    const event = progressEvent(current, changesOf(toldGrid, grid));
    const identities = event.workers.map(({ identity }) => identity);
    // Times alone are not worth a line.
    const state = JSON.stringify({
      ...event,
      changed: grid?.rows,
      time: '',
      pairs_per_minute: 0,
      seconds_left: 0,
      workers: identities,
    });
    const stage = `${event.reachable} ${event.phase ?? ''}`;
    if (cadence.isDue(state, current.now.getTime(), stage !== phase)) {
      emit(event);
      toldGrid = grid ?? toldGrid;
    }
    phase = stage;
  };
  return createTellingDisplay(run, {
    onFault: (fault) => {
      emit(faultEvent(run.runId, fault));
    },
    onView,
  });
}
