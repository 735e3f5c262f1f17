import type { RunDisplay } from '../follow-run';
import type { Output } from '../output';
import { frame } from './frame';
import { chooseGlyphs } from './glyphs';
import type { WatchedRun } from './run-view';
import { Screen } from './screen';
import type { Terminal } from './screen';
import { ViewOfRun } from './view-of-run';

const INTERVAL_MS = 1000;

/** Shows a run as lines of a terminal that change in place. */
export function createLiveDisplay(
  run: WatchedRun & Pick<RunDisplay, 'workersOf'>,
  output: Output,
  terminal: Terminal & { hasColors(): boolean }
): RunDisplay {
  const glyphs = chooseGlyphs(process.env);
  const screen = new Screen(terminal, terminal.hasColors());
  const view = new ViewOfRun(run);
  let open = true;
  output.writeAbove((write) => {
    screen.above(write);
  });
  const draw = (): void => {
    if (open) screen.draw((columns, rows) => frame(view.view(), columns, rows, glyphs));
  };
  return {
    ...{ intervalMs: INTERVAL_MS, grid: true, workersOf: run.workersOf },
    show: (observed) => {
      view.update(observed);
      draw();
    },
    lost: () => {
      view.lost();
      draw();
    },
    close: () => {
      if (!open) return;
      open = false;
      output.writeAbove(null);
      screen.end();
    },
  };
}
