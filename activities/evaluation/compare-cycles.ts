import { openStore } from '../../artifacts/store/open-store';
import type { CyclesInput } from '../../workflows/activity-types';
import type { Cycle, MatchRef } from '../../workflows/run-types';
import { readMatches } from '../steps/compare-composed';
import { READING } from '../task-context';
import type { TaskContext } from '../task-context';

/**
 * Compares the direct matches of a source layer with the way by every layer between that was matched with both. A feature
 * counts where it is matched both ways, and agrees where both lead to the same target.
 *
 * @throws ArtifactCorruptError when a match is gone or damaged
 */
export async function compareCyclesTask(
  { spec, direct, onward }: CyclesInput,
  context: TaskContext
): Promise<readonly Cycle[]> {
  const store = openStore(spec.out);
  const read = async (match: MatchRef): Promise<Int32Array> => (await readMatches(store, match)).targetFeature;
  context.onProgress(READING);
  const targets = new Map<number, Int32Array>();
  for (const match of direct) targets.set(match.target, await read(match));
  const cycles: Cycle[] = [];
  for (const [index, step] of onward.entries()) {
    context.throwIfCancelled();
    context.onProgress({ phase: 'evaluating', done: index, total: onward.length, gap: null });
    const [first, last] = [targets.get(step.source), targets.get(step.target)];
    if (first === undefined || last === undefined) continue;
    const [features, consistent] = compareWays(first, await read(step), last);
    cycles.push([direct[0]!.source, step.source, step.target, features, consistent]);
  }
  return cycles;
}

function compareWays(first: Int32Array, onward: Int32Array, direct: Int32Array): [number, number] {
  let both = 0;
  let same = 0;
  direct.forEach((target, feature) => {
    const middle = first[feature]!;
    const other = middle < 0 ? -1 : onward[middle]!;
    if (target < 0 || other < 0) return;
    both += 1;
    if (other === target) same += 1;
  });
  return [both, same];
}
