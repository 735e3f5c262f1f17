import type { Features } from '../../../matching/features';
import type { MatchSide } from '../../../matching/match-pair';
import { allocateRows, rowOf } from '../../../matching/row-matrix';
import type { RowMatrix } from '../../../matching/row-matrix';

/** Cosines of matched features lie between these, evenly: about what adjacent layers of a model have. */
const COSINES = { least: 0.1, most: 0.9 };
/** Norms spread by this factor. */
const NORM_SPREAD = 2;

/** Two layers of `count` features: those of the second are those of the first, turned a little and in another order. */
export function plantedPair(count: number, width: number): readonly [source: MatchSide, target: MatchSide] {
  const random = generator(count * width);
  const source = randomRows(count, width, random);
  const target = randomRows(count, width, random);
  for (let j = 0; j < count; j++) {
    const [row, partner] = [rowOf(target, j), rowOf(source, scattered(j, count))];
    const cosine = COSINES.least + (COSINES.most - COSINES.least) * random();
    const sine = Math.sqrt(1 - cosine * cosine);
    for (let k = 0; k < width; k++) row[k] = cosine * partner[k]! + sine * row[k]!;
  }
  for (const rows of [source, target]) {
    for (let i = 0; i < count; i++) {
      const norm = NORM_SPREAD ** random() / Math.sqrt(width);
      const row = rowOf(rows, i);
      for (let k = 0; k < width; k++) row[k] = row[k]! * norm;
    }
  }
  return [sideOf(source), sideOf(target)];
}

/** Features that have nothing in common, from a row that is repeated with other signs: quick to make. */
export function unrelatedFeatures(count: number, width: number): Features {
  const random = generator(width);
  const rows = allocateRows(Float32Array, count, width);
  const values = Float32Array.from({ length: 2 * width }, () => random() - 0.5);
  for (let i = 0; i < count; i++) {
    const from = Math.floor(random() * width);
    rowOf(rows, i).set(values.subarray(from, from + width));
  }
  return featuresOf(rows);
}

/** A permutation without structure: the step is a prime that divides no usual number of features. */
const scattered = (j: number, count: number): number => (j * 7919) % count;

function randomRows(count: number, width: number, random: () => number): RowMatrix {
  const rows = allocateRows(Float32Array, count, width);
  for (const block of rows.blocks) {
    // Sums of two: near enough to a normal distribution, and of variance 1.
    for (let n = 0; n < block.length; n++) block[n] = (random() + random() - 1) * Math.sqrt(6);
  }
  return rows;
}

function sideOf(rows: RowMatrix): MatchSide {
  return { features: featuresOf(rows), report: { decoder: rows, encoder: rows, folded: null } };
}

function featuresOf(rows: RowMatrix): Features {
  return { count: rows.rows, parts: [{ name: 'decoder', weight: 1, rows }], excluded: new Uint8Array(rows.rows) };
}

/** Numbers in [0, 1), always the same (xorshift32). */
function generator(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
