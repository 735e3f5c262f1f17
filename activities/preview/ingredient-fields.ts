import type { KeyRecord } from '../../artifacts/key-record';

/** A plain value of what a content key was made of. */
export type FieldValue = string | number | boolean | null;
export type Fields = ReadonlyMap<string, FieldValue>;

/** A field that keeps a stored artifact from being the one that is asked for; undefined where one of them has none. */
export interface Difference {
  readonly field: string;
  readonly stored: FieldValue | undefined;
  readonly now: FieldValue | undefined;
}

/** Finds what a folded layer was made of, by its content key. */
export type FoldLookup = (key: string) => Pick<KeyRecord, 'algorithm' | 'inputs'> | undefined;

interface Folded {
  readonly hashes: readonly string[];
  readonly scale?: { readonly choice: string; readonly hashes: readonly string[] };
}

interface Side {
  readonly layer: number;
  readonly rows: string;
  readonly folded: string | null;
}

type Flat = Readonly<Record<string, FieldValue>>;

/** What a folded layer was made of, one field a file and option. */
export function foldFields({ algorithm, inputs }: Pick<KeyRecord, 'algorithm' | 'inputs'>): Fields {
  const { hashes, scale, version, ...options } = inputs as unknown as Folded & Flat;
  const fields = new Map<string, FieldValue>([
    ['algorithm', algorithm],
    ['version of folding', version!],
  ]);
  hashes.forEach((hash, index) => fields.set(`files.${index}`, hash));
  for (const [name, value] of Object.entries(options)) fields.set(name, value);
  if (scale === undefined) return fields;
  fields.set('scale', scale.choice);
  scale.hashes.forEach((hash, index) => fields.set(`scale files.${index}`, hash));
  return fields;
}

/**
 * What a match was made of. Each layer appears with the fields of its folding, `source` or `target` in front, as far as
 * the options of the match do not state them; where its folding is not known any more, with the key of its rows.
 */
export function matchFields(
  { algorithm, inputs }: Pick<KeyRecord, 'algorithm' | 'inputs'>,
  foldOf: FoldLookup
): Fields {
  const {
    source,
    target,
    version,
    part_weights: weights,
    ...options
  } = inputs as unknown as {
    source: Side;
    target: Side;
    part_weights?: object;
  } & Flat;
  const fields = new Map<string, FieldValue>([
    ['algorithm', algorithm],
    ['version of matching', version!],
  ]);
  for (const [name, value] of Object.entries(options)) fields.set(name, value);
  if (weights !== undefined) fields.set('part_weights', JSON.stringify(weights));
  for (const [name, side] of [
    ['source', source],
    ['target', target],
  ] as const) {
    const fold = foldOf(side.rows);
    if (fold === undefined) fields.set(`${name} rows`, side.rows);
    else for (const [field, value] of foldFields(fold)) if (!STATED.has(field)) fields.set(`${name} ${field}`, value);
    fields.set(`${name} is folded for the paper’s metric`, side.folded !== null);
  }
  return fields;
}

/** Fields of a folding that the options of a match say once for both layers. */
const STATED = new Set(['algorithm', 'layer', 'fold', 'degenerate', 'scale']);

/** The fields in which two artifacts differ, those of the first in their order, then those only the second has. */
export function differences(stored: Fields, now: Fields): Difference[] {
  return [...new Set([...now.keys(), ...stored.keys()])]
    .map((field) => ({ field, stored: stored.get(field), now: now.get(field) }))
    .filter((pair) => pair.stored !== pair.now);
}

/** The differences from the stored artifact that has the fewest; null when nothing is stored. */
export function nearest(stored: Iterable<Fields>, now: Fields): Difference[] | null {
  let best: Difference[] | null = null;
  for (const fields of stored) {
    const found = differences(fields, now);
    if (best === null || found.length < best.length) best = found;
  }
  return best;
}
