import { writeKeyRecord } from '../../artifacts/key-record';
import { getRecord, putRecord } from '../../artifacts/record';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { openStore } from '../../artifacts/store/open-store';
import type { CycleRow } from '../../artifacts/tables/cycles';
import type { CyclesInput } from '../../workflows/activity-types';
import type { CyclesRef, MatchRef } from '../../workflows/run-types';
import { readMatches } from '../steps/compare-composed';
import { keyOf } from '../steps/keys';
import { READING } from '../task-context';
import type { TaskContext } from '../task-context';
import { cyclesIngredients, cyclesObject } from './keys';

/**
 * Compares the direct matches of a source layer with the way by every layer between that was matched with both, or finds that
 * this was done before. A feature counts where it is matched both ways, and agrees where both lead to the same target.
 *
 * @throws ArtifactCorruptError when a match is gone or damaged
 */
export async function compareCyclesTask(input: CyclesInput, context: TaskContext): Promise<CyclesRef> {
  const { spec, layer, direct, onward } = input;
  const store = openStore(spec.out);
  const made = cyclesIngredients(input);
  const ref = { layer, key: keyOf(made) };
  if ((await readCycles(store, ref.key)) !== null) return { ...ref, cached: true };
  const read = async (match: MatchRef): Promise<Int32Array> => (await readMatches(store, match)).targetFeature;
  context.onProgress(READING);
  const targets = new Map<number, Int32Array>();
  for (const match of direct) targets.set(match.target, await read(match));
  const rows: CycleRow[] = [];
  for (const [index, step] of onward.entries()) {
    context.throwIfCancelled();
    context.onProgress({ phase: 'evaluating', done: index, total: onward.length, gap: null });
    const [first, last] = [targets.get(step.source), targets.get(step.target)];
    if (first === undefined || last === undefined) continue;
    const [features, same] = compareWays(first, await read(step), last);
    const consistent = features === 0 ? null : same / features;
    rows.push({ source_layer: layer, middle_layer: step.source, target_layer: step.target, features, consistent });
  }
  await writeKeyRecord(store, 'cycles', made);
  await putRecord(store, cyclesObject(ref.key), rows);
  return { ...ref, cached: false };
}

/** What was found of a layer; null when there is none or it is damaged. */
export function readCycles(store: ObjectStore, key: string): Promise<readonly CycleRow[] | null> {
  return getRecord<readonly CycleRow[]>(store, cyclesObject(key));
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
