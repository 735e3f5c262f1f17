import type { RunProgress } from '../../workflows/run-types';
import { cells } from './cells';
import type { Line } from './cells';
import { formatDuration, formatRate } from './durations';
import type { Glyphs } from './glyphs';
import type { RunView } from './run-view';

const WIDEST_BAR = 24;
const NARROWEST_BAR = 6;
/** Brackets, and two blanks behind them. */
const FRAME = 4;

/** How far a run is and when it will be done. The bar takes what its text leaves; a narrow terminal has less of both. */
export function barLine({ progress, pace, steps }: RunView, width: number, glyphs: Glyphs): Line {
  const underWay = steps.reduce((sum, step) => sum + shareOf(step.progress), 0);
  const { share, counted } = progress === null ? { share: null, counted: '' } : doneOf(progress, underWay);
  const percent = share === null ? '' : `${Math.floor(100 * share)}%`;
  const rate = pace === null ? '' : formatRate(pace.pairsPerMinute);
  const left = pace === null ? '' : `${formatDuration(pace.secondsLeft)} left`;
  const text =
    [[percent, counted, rate, left], [percent, counted, left], [percent, left], [percent]]
      .map((parts) => parts.filter((part) => part !== '').join('  '))
      .find((candidate) => candidate.length + NARROWEST_BAR + FRAME <= width) ?? '';
  const size = Math.max(1, Math.min(WIDEST_BAR, width - text.length - FRAME));
  const full = Math.round(size * (share ?? 0));
  const { bar } = glyphs;
  return [
    ...cells('['),
    ...cells(bar.full.repeat(full), 'done'),
    ...cells(bar.empty.repeat(size - full), 'dim'),
    ...cells(`]  ${text}`),
  ];
}

const shareOf = (step: RunView['steps'][number]['progress']): number =>
  step === null ? 0 : Math.min(1, step.done / Math.max(1, step.total));

interface Done {
  /** 0 to 1; null when the end is not known. */
  readonly share: number | null;
  readonly counted: string;
}

/** @param underWay how much of the steps under way is done, in steps */
function doneOf({ phase, pairs, layers, drift }: RunProgress, underWay: number): Done {
  if (phase === 'resolving') return { share: null, counted: 'looking at the source' };
  const isDrift = phase === 'drift' && drift !== undefined;
  const { done, total } = isDrift ? drift : pairs;
  const counted = `${done} of ${total} ${isDrift ? 'layers compared' : 'pairs'}`;
  const ended = isDrift ? drift.done + drift.failed : layers.folded + layers.failed + pairs.done + pairs.failed;
  const all = isDrift ? drift.total : layers.total + pairs.total;
  // A step that is nearly done may yet take long.
  const share = all === 0 ? 1 : Math.min(1, (ended + 0.9 * Math.min(underWay, all - ended)) / all);
  return { share, counted };
}
