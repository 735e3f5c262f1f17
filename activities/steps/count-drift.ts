import { openStore } from '../../artifacts/store/open-store';
import { countDrift } from '../../matching/drift';
import type { DriftCounts, DriftSide } from '../../matching/drift';
import type { FoldedLayer } from '../../matching/folding';
import { rowOf } from '../../matching/row-matrix';
import { InputError } from '../../matching/errors';
import type { DriftInput } from '../../workflows/activity-types';
import type { FoldedRef } from '../../workflows/run-types';
import type { TaskContext } from '../task-context';
import { readMatches } from './compare-composed';
import { readFolded } from './folded-artifact';

/** Counts what has become of the features of a layer since the previous checkpoint. */
export async function countDriftTask(input: DriftInput, context: TaskContext): Promise<DriftCounts> {
  const { spec, previous, current, match } = input;
  if (spec.previous === undefined) throw new InputError('there is no previous checkpoint', { field: 'previous' });
  const store = openStore(spec.out);
  const side = async ({ rows }: FoldedRef): Promise<DriftSide> => {
    context.throwIfCancelled();
    return driftSide(await readFolded(store, rows, context, ['decoder']));
  };
  const matches = await readMatches(store, match);
  return countDrift(matches, await side(previous), await side(current), spec.previous.kept);
}

/** The features of a layer that count for nothing. */
export function driftSide({
  features,
  decoder,
  excluded,
}: Pick<FoldedLayer, 'features' | 'decoder' | 'excluded'>): DriftSide {
  const zero = Uint8Array.from({ length: features }, (_, i) =>
    rowOf(decoder, i).every((value) => value === 0) ? 1 : 0
  );
  return { excluded, zero };
}
