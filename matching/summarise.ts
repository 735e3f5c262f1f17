import type { CertifiedMatching } from './certify';
import { partDistance, rowCosine, vectorLength } from './features';
import type { Features, PartName } from './features';
import type { Matching, MatchWork } from './matching';
import { rowOf } from './row-matrix';
import type { RowMatrix } from './row-matrix';
import { mean, quantiles } from './statistics';
import type { PairStatistics, PartNumbers } from './statistics';

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

export interface SummariseContext {
  readonly source: { readonly features: Features; readonly report: ReportRows };
  readonly target: { readonly features: Features; readonly report: ReportRows };
  /** Features that took part, ascending. */
  readonly sourceIndex: Int32Array;
  readonly targetIndex: Int32Array;
  readonly work: MatchWork;
}

/** Brings a certified matching back to all features of both layers and adds what is reported about it. */
export function summarise(certified: CertifiedMatching, context: SummariseContext): Matching {
  const { source, target, sourceIndex, targetIndex } = context;
  const expand = expander(sourceIndex, source.features.count);
  const expandTarget = expander(targetIndex, target.features.count);
  const original = (j: number): number => (j < 0 ? -1 : targetIndex[j]!);
  const targetFeature = expand.integers(certified.targetOf.map(original));
  const cost = expand.numbers(certified.cost);
  const decoderCosine = cosines(source.report.decoder, target.report.decoder, targetFeature);
  const { certificate } = certified;
  return {
    targetFeature,
    sourceFeature: invert(targetFeature, target.features.count),
    cost,
    decoderCosine,
    encoderCosine: cosines(source.report.encoder, target.report.encoder, targetFeature),
    nearestTarget: expand.integers(certified.nearestTarget.map(original)),
    nearestCost: expand.numbers(certified.nearestCost),
    mutualNearest: expand.flags(certified.mutualNearest),
    certificate: {
      sourceDual: expand.numbers(certificate.sourceDual),
      targetDual: expandTarget.numbers(certificate.targetDual),
      margin: expand.numbers(certificate.margin),
      targetMargin: expandTarget.numbers(certificate.targetMargin),
      bound: certificate.bound,
      gap: certificate.gap,
    },
    objective: certified.objective,
    matchedCost: certified.matchedCost,
    counts: {
      matched: certified.targetOf.filter((j) => j >= 0).length,
      mutualNearest: certified.mutualNearest.reduce((sum, flag) => sum + flag, 0),
      excludedSource: source.features.count - sourceIndex.length,
      excludedTarget: target.features.count - targetIndex.length,
    },
    statistics: statisticsOf(context, targetFeature, cost, decoderCosine),
    ...pickWork(context.work),
  };
}

/** source_feature of each target from target_feature of each source; −1 where unmatched. `[targets]` */
export function invert(targetFeature: Int32Array, targets: number): Int32Array {
  const sourceFeature = new Int32Array(targets).fill(-1);
  targetFeature.forEach((j, i) => {
    if (j >= 0) sourceFeature[j] = i;
  });
  return sourceFeature;
}

function pickWork({ passes, device, fallbacks, storage, solverSeconds }: MatchWork): MatchWork {
  return { passes, device, fallbacks, storage, solverSeconds };
}

function expander(
  index: Int32Array,
  count: number
): {
  integers: (values: Int32Array) => Int32Array;
  numbers: (values: Float64Array) => Float64Array;
  flags: (values: Uint8Array) => Uint8Array;
} {
  function scatter<T extends Int32Array | Float64Array | Uint8Array>(values: T, into: T): T {
    index.forEach((original, i) => (into[original] = values[i]!));
    return into;
  }
  return {
    integers: (values) => scatter(values, new Int32Array(count).fill(-1)),
    numbers: (values) => scatter(values, new Float64Array(count).fill(NaN)),
    flags: (values) => scatter(values, new Uint8Array(count)),
  };
}

function cosines(source: RowMatrix, target: RowMatrix, targetFeature: Int32Array): Float64Array {
  const comparable = source.columns === target.columns;
  return Float64Array.from(targetFeature, (j, i) => (j < 0 || !comparable ? NaN : rowCosine(source, target, i, j)));
}

function statisticsOf(
  { source, target }: SummariseContext,
  targetFeature: Int32Array,
  cost: Float64Array,
  decoderCosine: Float64Array
): PairStatistics {
  const elements = vectorLength(source.features);
  const mse = cost.map((value) => value / elements);
  return {
    mseMean: mean(mse),
    mse: quantiles(mse),
    cosine: quantiles(decoderCosine),
    share: shares(source.features, target.features, targetFeature),
    foldedMse: foldedMse(source.report.folded, target.report.folded, targetFeature),
  };
}

const NO_PARTS: PartNumbers = { decoder: null, encoder: null, bias: null };

function shares(source: Features, target: Features, targetFeature: Int32Array): PartNumbers {
  const costs = source.parts.map((part, index) => {
    const other = target.parts[index]!;
    return targetFeature.reduce((sum, j, i) => (j < 0 ? sum : sum + part.weight * partDistance(part, other, i, j)), 0);
  });
  const all = costs.reduce((sum, value) => sum + value, 0);
  return source.parts.reduce<Record<PartName, number | null>>(
    (result, part, index) => ({ ...result, [part.name]: all === 0 ? null : costs[index]! / all }),
    { ...NO_PARTS }
  );
}

function foldedMse(source: FoldedRows | null, target: FoldedRows | null, targetFeature: Int32Array): PartNumbers {
  if (source === null || target === null) return NO_PARTS;
  const meanOf = (name: PartName): number | null => {
    const [a, b] = [source[name], target[name]];
    if (a.columns !== b.columns) return null;
    const squared = Float64Array.from(targetFeature, (j, i) =>
      j < 0 || source.excluded[i] === 1 || target.excluded[j] === 1 ? NaN : meanSquare(a, b, i, j)
    );
    return mean(squared);
  };
  return { decoder: meanOf('decoder'), encoder: meanOf('encoder'), bias: meanOf('bias') };
}

function meanSquare(a: RowMatrix, b: RowMatrix, i: number, j: number): number {
  const x = rowOf(a, i);
  const y = rowOf(b, j);
  let sum = 0;
  for (let k = 0; k < x.length; k++) sum += (x[k]! - y[k]!) ** 2;
  return sum / x.length;
}
