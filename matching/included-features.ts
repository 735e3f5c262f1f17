import { InputError } from './errors';
import type { Features } from './features';
import { allocateRows, rowOf } from './row-matrix';
import type { RowMatrix } from './row-matrix';

/** Ascending indices of the features that take part. @throws InputError when there is none */
export function includedFeatures(features: Features, what: string): Int32Array {
  const index = Int32Array.from({ length: features.count }, (_, i) => i).filter((i) => features.excluded[i] === 0);
  if (index.length > 0) return index;
  throw new InputError('no feature is left to match', {
    field: what,
    found: `${features.count} features, all excluded`,
    expected: 'at least one feature',
  });
}

/** The features with the given ascending indices; the same object when that is all of them. */
export function selectFeatures(features: Features, index: Int32Array): Features {
  if (index.length === features.count) return features;
  return {
    count: index.length,
    parts: features.parts.map((part) => ({ ...part, rows: selectRows(part.rows, index) })),
    excluded: new Uint8Array(index.length),
  };
}

function selectRows(rows: RowMatrix, index: Int32Array): RowMatrix {
  const selected = allocateRows(Float32Array, index.length, rows.columns);
  index.forEach((from, to) => {
    rowOf(selected, to).set(rowOf(rows, from));
  });
  return selected;
}
