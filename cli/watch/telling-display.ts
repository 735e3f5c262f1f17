import type { RunDisplay } from '../follow-run';
import type { Fault } from './fault-log';
import type { RunView, WatchedRun } from './run-view';
import { ViewOfRun } from './view-of-run';

const INTERVAL_MS = 1000;

/** What tells of a run in a stream, to whoever reads it. */
export interface Teller {
  /** A fault that was not told of yet. */
  readonly onFault: (fault: Fault) => void;
  /** How the run is now; told whenever it was looked at. */
  readonly onView: (view: RunView) => void;
}

/** Shows a run by telling of it, until it is closed. */
export function createTellingDisplay(
  run: WatchedRun & Pick<RunDisplay, 'workersOf'>,
  { onFault, onView }: Teller
): RunDisplay {
  const view = new ViewOfRun(run);
  let open = true;
  const tell = (): void => {
    if (open) onView(view.view());
  };
  return {
    ...{ intervalMs: INTERVAL_MS, grid: true, workersOf: run.workersOf },
    show: (observed) => {
      const news = view.update(observed);
      if (open) for (const fault of news) onFault(fault);
      tell();
    },
    lost: () => {
      view.lost();
      tell();
    },
    close: () => {
      open = false;
    },
  };
}
