import type { RunProgress } from '../../workflows/run-types';
import type { RunDisplay } from '../follow-run';
import type { Output } from '../output';
import { Cadence } from './cadence';
import { formatDuration, formatRate } from './durations';
import { faultLine } from './fault-line';
import type { RunView, WatchedRun } from './run-view';
import { createTellingDisplay } from './telling-display';

/**
 * Shows a run as lines that follow each other, for logs and for terminals that cannot do more: one when something has
 * changed, faults and phases at once, counts not more often than every `everyMs`.
 */
export function createPlainDisplay(
  run: WatchedRun & Pick<RunDisplay, 'workersOf'>,
  output: Output,
  everyMs: number
): RunDisplay {
  const cadence = new Cadence(everyMs);
  let phase: string | null = null;
  const say = (now: Date, text: string): void => {
    if (!output.quiet) output.print(`${now.toISOString().slice(0, 19)}Z  ${text}`);
  };
  const onView = (current: RunView): void => {
    const stage = stageOf(current);
    const counts = countsOf(current);
    if (cadence.isDue(`${stage} ${counts}`, current.now.getTime(), stage !== phase)) {
      say(current.now, [stage, counts, paceText(current)].filter((part) => part !== '').join('; '));
    }
    phase = stage;
  };
  return createTellingDisplay(run, {
    onFault: (fault) => {
      say(fault.time, faultLine(fault));
    },
    onView,
  });
}

function stageOf({ reachable, progress }: RunView): string {
  if (!reachable) return 'the server does not answer; waiting for it';
  if (progress === null) return 'waiting for a worker';
  return progress.pausesUntil === null ? progress.phase : `${progress.phase}, pausing until ${progress.pausesUntil}`;
}

function countsOf({ reachable, progress, workers }: RunView): string {
  if (!reachable || progress === null || progress.phase === 'resolving') return '';
  const { layers, pairs, drift } = progress;
  const compared = drift === undefined ? '' : `, ${drift.done} of ${drift.total} compared with before`;
  const asking = workers.length === 0 ? '' : `; ${workers.length} worker${workers.length === 1 ? '' : 's'}`;
  return `layers ${layers.folded} of ${layers.total}, pairs ${pairsText(pairs)}${compared}${asking}`;
}

function pairsText({ done, total, cached, running, setAside, failed }: RunProgress['pairs']): string {
  const parts: readonly (readonly [number, string])[] = [
    [cached, 'found done'],
    [running.length, 'at work'],
    [setAside.length, 'set aside'],
    [failed, 'failed'],
  ];
  const others = parts.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : []));
  return `${done} of ${total}${others.length === 0 ? '' : ` (${others.join(', ')})`}`;
}

function paceText({ pace }: RunView): string {
  if (pace === null) return '';
  return `${formatRate(pace.pairsPerMinute)}, ${formatDuration(pace.secondsLeft)} left`;
}
