import type { ObjectStore } from '../../artifacts/store/object-store';
import { InputError, UsageError } from '../../matching/errors';
import type { JudgedSource, JudgedTarget, JudgementPlan, JudgeRequest } from '../../workflows/judgement-types';
import { PublishedRun } from './published-run';

/**
 * What is compared: the pairs that the run has matched, and those from the layers of `from` to every later one that matches of
 * neighbouring layers lead to.
 *
 * @throws InputError when the run has no results, or nothing is matched
 * @throws UsageError when `from` names a layer that is not part of the run
 */
export async function planJudgement(
  store: ObjectStore,
  { runId, from }: Pick<JudgeRequest, 'runId' | 'from'>
): Promise<JudgementPlan> {
  const run = await PublishedRun.open(store, runId);
  const { layers, pairs } = run;
  const selected = layers.map(({ layer }) => layer);
  const unknown = from.find((layer) => !selected.includes(layer));
  if (unknown !== undefined) {
    throw new UsageError('no such layer in this run', {
      ...{ field: '--from', found: String(unknown), expected: `layers ${selected.join(', ')}` },
    });
  }
  const sources = selected
    .map((source) => sourceOf(source, selected, pairs, from.includes(source)))
    .filter(({ targets }) => targets.length > 0);
  if (sources.length > 0) return { layers, sources };
  throw new InputError('this run has no matches to judge', { file: store.url(`runs/${runId}`), found: 'no pair' });
}

function sourceOf(
  source: number,
  selected: readonly number[],
  pairs: readonly (readonly [number, number])[],
  isStart: boolean
): JudgedSource {
  const has = (a: number, b: number): boolean => pairs.some(([one, other]) => one === a && other === b);
  const start = selected.indexOf(source);
  const later = selected.slice(start + 1);
  const end = later.findIndex((layer, index) => !has(selected[start + index]!, layer));
  const path = end < 0 ? later : later.slice(0, end);
  const targets = selected.flatMap((target, index): JudgedTarget[] => {
    const isDirect = has(source, target);
    if (!isDirect && !(isStart && path.includes(target))) return [];
    return [{ target, isDirect, distance: Math.abs(index - start) }];
  });
  const last = Math.max(-1, ...targets.map(({ target }) => path.indexOf(target)));
  return { source, path: path.slice(0, last + 1), targets };
}
