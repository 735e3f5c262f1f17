import type { TaskProgress } from '../activities/task-context';
import { groupFailures, groupLine } from '../workflows/group-failures';
import type { JudgingProgress } from '../workflows/judgement-types';
import type { RunProgress } from '../workflows/run-types';
import type { RunDisplay } from './follow-run';
import type { ObservedRun } from './observe-run';
import type { Output } from './output';
import { createProgressBar } from './progress-bar';
import type { ProgressText } from './progress-bar';

const INTERVAL_MS = 400;

/** Shows a run as one line on standard error, and what goes wrong as lines above it. */
export function createBarDisplay(output: Output): RunDisplay {
  const bar = createProgressBar(output.interactive);
  const told = new Set<string>();
  let away = false;
  const note = (line: string): void => {
    bar.clear();
    output.note(line);
  };
  const noteOnce = (line: string): void => {
    if (!told.has(line)) note(line);
    told.add(line);
  };
  return {
    ...{ intervalMs: INTERVAL_MS, grid: false, workersOf: null },
    show: (observed) => {
      away = false;
      for (const { failure } of observed.steps) if (failure !== null) noteOnce(`trying again: ${failure.message}`);
      const setAside = observed.progress?.setAside ?? [];
      for (const group of groupFailures(setAside)) noteOnce(`set aside: ${groupLine(group)}`);
      bar.draw(progressText(observed));
    },
    lost: () => {
      if (!away) note('the server does not answer; waiting for it');
      away = true;
    },
    close: () => {
      bar.clear();
    },
  };
}

function progressText({ progress, steps }: ObservedRun): ProgressText {
  if (progress === null) return { label: 'waiting', fraction: null, detail: 'for a worker' };
  const { pairs, layers } = progress;
  if (progress.phase === 'resolving') return { label: 'reading', fraction: null, detail: 'looking at the source' };
  if (progress.phase === 'drift') return driftText(progress);
  const reported = steps.flatMap((step) => step.progress ?? []);
  if (progress.phase === 'evaluating') return evaluatingText(reported);
  if (progress.phase === 'judging' && progress.judging) return judgingText(progress.judging, reported);
  const partial = reported.reduce((sum, { done, total }) => sum + Math.min(1, done / Math.max(1, total)), 0);
  const total = layers.total + pairs.total;
  const done = layers.folded + layers.failed + pairs.done + pairs.failed;
  const failed = progress.failures.length > 0 ? `, ${progress.failures.length} failed` : '';
  const gaps = reported.flatMap(({ gap }) => gap ?? []);
  const gap = gaps.length === 0 ? '' : `, gap ${Math.max(...gaps).toExponential(0)}`;
  const aside = pairs.setAside.length > 0 ? `, ${pairs.setAside.length} set aside` : '';
  const running = pairs.running.slice(0, 3).join(' ').replaceAll(':', '→');
  return {
    label: progress.phase,
    fraction: total === 0 ? null : Math.min(1, (done + 0.9 * Math.min(partial, pairs.running.length)) / total),
    detail: `layers ${layers.folded}/${layers.total}, pairs ${pairs.done}/${pairs.total}${failed}${aside}  ${running}${gap}`,
  };
}

function evaluatingText(reported: readonly TaskProgress[]): ProgressText {
  const sum = (of: (one: TaskProgress) => number): number => reported.reduce((total, one) => total + of(one), 0);
  const total = sum((one) => one.total);
  return {
    label: 'evaluating',
    fraction: total === 0 ? null : sum(({ done }) => done) / total,
    detail: `${reported.length} pairs at work`,
  };
}

/** The pair that is asked about now is counted by its activity. */
function judgingText({ questions, answered }: JudgingProgress, reported: readonly TaskProgress[]): ProgressText {
  const [now] = reported;
  const detail = now === undefined ? '' : `, of this pair of layers ${now.done}/${now.total}`;
  const fraction = questions === 0 ? null : Math.min(1, answered / questions);
  return { label: 'judging', fraction, detail: `answers ${answered}/${questions}${detail}` };
}

function driftText({ phase, drift }: RunProgress): ProgressText {
  const { total = 0, done = 0, failed = 0, running = [], setAside = [] } = drift ?? {};
  const aside = setAside.length > 0 ? `, ${setAside.length} set aside` : '';
  const layers = running.slice(0, 3).map((pair) => pair.split(':')[0]!);
  return {
    label: phase,
    fraction: total === 0 ? null : (done + failed) / total,
    detail: `layers compared ${done}/${total}${failed > 0 ? `, ${failed} failed` : ''}${aside}  ${layers.join(' ')}`,
  };
}
