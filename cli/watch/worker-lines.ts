import { stepName } from '../observe-run';
import type { PendingStep } from '../observe-run';
import { cells } from './cells';
import type { Line } from './cells';
import type { Glyphs } from './glyphs';
import type { RunView } from './run-view';
import { withBusy } from '../run-workers';

/** A line for each worker, with what it has of the run; those with most come first. */
export function workerLines({ workers, steps, progress }: RunView, width: number, glyphs: Glyphs): Line[] {
  const all = withBusy(workers, steps).map((worker) => ({
    ...worker,
    own: steps.filter((step) => step.worker === worker.identity),
  }));
  if (progress === null || progress.phase === 'finished') return [];
  if (all.length === 0) return [cells('none asked for work within the last minute', 'aside')];
  const longest = Math.min(Math.max(...all.map(({ identity }) => identity.length)), Math.floor(width / 2));
  return all
    .sort((a, b) => b.own.length - a.own.length)
    .map(({ identity, pools, own }) => [
      ...cells(`${identity.padEnd(longest)}  `),
      ...(own.length === 0
        ? cells(`idle${pools.length === 0 ? '' : `: ${pools.join(' ')}`}`, 'dim')
        : cells(counted(own.map((step) => stepText(step, glyphs))).join(', '))),
    ]);
}

/** Equal texts once, with their number. */
function counted(texts: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].map(([text, count]) => (count === 1 ? text : `${text} (${count})`));
}

/** Such as `3→4 pricing 45% gap 2e-4`. */
function stepText({ type, layers, progress }: PendingStep, { arrow }: Glyphs): string {
  const what = layers.length === 0 ? stepName(type) : layers.length === 1 ? `layer ${layers[0]!}` : layers.join(arrow);
  if (progress === null) return what;
  const share = progress.total > 0 ? ` ${Math.floor((100 * progress.done) / progress.total)}%` : '';
  const gap = progress.gap === null ? '' : ` gap ${progress.gap.toExponential(0)}`;
  return `${what} ${progress.phase}${share}${gap}`;
}
