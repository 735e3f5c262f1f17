import { rowCosine } from './features';
import type { Matching, SolvedMatching } from './matching';
import { rowOf } from './row-matrix';
import type { RowMatrix } from './row-matrix';
import { mean, NO_PARTS, quantiles } from './statistics';
import type { PartNumbers } from './statistics';

/** Rows that matches are reported on, whatever they were matched on. */
export interface ReportRows {
  /** Decoder rows `[features, d_out]`, at any scale: for cosines. */
  readonly decoder: RowMatrix;
  /** Encoder rows `[features, d_in]`, at any scale: for cosines. */
  readonly encoder: RowMatrix;
  /** The folded tensors, for the paper's metric; null when the layer cannot be folded. */
  readonly folded: FoldedRows | null;
}

export interface FoldedRows {
  readonly decoder: RowMatrix;
  readonly encoder: RowMatrix;
  /** b_enc' as `[features, 1]`. */
  readonly bias: RowMatrix;
  /** 1 for features that could not be folded. `[features]` */
  readonly excluded: Uint8Array;
}

/** What is said of the matches beside what they were matched on. */
export interface Report {
  readonly decoderCosine: Float64Array;
  readonly encoderCosine: Float64Array;
  readonly foldedMse: PartNumbers;
}

export function reportOn(source: ReportRows, target: ReportRows, targetFeature: Int32Array): Report {
  const [a, b] = [source.folded, target.folded];
  const foldedOf = (name: 'decoder' | 'encoder' | 'bias'): number | null =>
    a === null || b === null ? null : foldedMse(a[name], b[name], { targetFeature, a: a.excluded, b: b.excluded });
  return {
    decoderCosine: matchedCosines(source.decoder, target.decoder, targetFeature),
    encoderCosine: matchedCosines(source.encoder, target.encoder, targetFeature),
    foldedMse:
      a === null || b === null
        ? NO_PARTS
        : { decoder: foldedOf('decoder'), encoder: foldedOf('encoder'), bias: foldedOf('bias') },
  };
}

export function completeMatching(solved: SolvedMatching, report: Report): Matching {
  const { decoderCosine, encoderCosine, foldedMse: folded } = report;
  const statistics = { ...solved.statistics, cosine: quantiles(decoderCosine), foldedMse: folded };
  return { ...solved, decoderCosine, encoderCosine, statistics };
}

/** Cosine of each matched pair of rows; NaN where there is none, a row is zero, or rows cannot be compared. */
export function matchedCosines(source: RowMatrix, target: RowMatrix, targetFeature: Int32Array): Float64Array {
  const comparable = source.columns === target.columns;
  return Float64Array.from(targetFeature, (j, i) => (j < 0 || !comparable ? NaN : rowCosine(source, target, i, j)));
}

/**
 * The paper's metric (SAE Match, Sect. 5.1) of one folded tensor: the mean over matched features of the mean squared
 * difference of their rows; null where rows cannot be compared. Features that could not be folded do not count.
 */
export function foldedMse(
  source: RowMatrix,
  target: RowMatrix,
  matched: { readonly targetFeature: Int32Array; readonly a: Uint8Array; readonly b: Uint8Array }
): number | null {
  const squares = foldedSquares(source, target, matched);
  return squares && mean(squares);
}

/** The same of each matched feature, NaN for those that do not count. `[source features]` */
export function foldedSquares(
  source: RowMatrix,
  target: RowMatrix,
  matched: { readonly targetFeature: Int32Array; readonly a: Uint8Array; readonly b: Uint8Array }
): Float64Array | null {
  if (source.columns !== target.columns) return null;
  return Float64Array.from(matched.targetFeature, (j, i) =>
    j < 0 || matched.a[i] === 1 || matched.b[j] === 1 ? NaN : meanSquare(source, target, i, j)
  );
}

function meanSquare(a: RowMatrix, b: RowMatrix, i: number, j: number): number {
  const x = rowOf(a, i);
  const y = rowOf(b, j);
  let sum = 0;
  for (let k = 0; k < x.length; k++) sum += (x[k]! - y[k]!) ** 2;
  return sum / x.length;
}
