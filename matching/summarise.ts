import type { CertifiedMatching } from './certify';
import { partDistance, vectorLength } from './features';
import type { Features, PartName } from './features';
import type { MatchWork, SolvedMatching } from './matching';
import { mean, NO_PARTS, quantiles } from './statistics';
import type { PartNumbers, SolvedStatistics } from './statistics';

export interface SummariseContext {
  readonly source: Features;
  readonly target: Features;
  /** Features that took part, ascending. */
  readonly sourceIndex: Int32Array;
  readonly targetIndex: Int32Array;
  readonly work: MatchWork;
}

/** Brings a certified matching back to all features of both layers, with the statistics of what was matched. */
export function summarise(certified: CertifiedMatching, context: SummariseContext): SolvedMatching {
  const { source, target, sourceIndex, targetIndex } = context;
  const expand = expander(sourceIndex, source.count);
  const expandTarget = expander(targetIndex, target.count);
  const original = (j: number): number => (j < 0 ? -1 : targetIndex[j]!);
  const targetFeature = expand.integers(certified.targetOf.map(original));
  const cost = expand.numbers(certified.cost);
  const { certificate } = certified;
  return {
    elements: vectorLength(source),
    targetFeature,
    sourceFeature: invert(targetFeature, target.count),
    cost,
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
      excludedSource: source.count - sourceIndex.length,
      excludedTarget: target.count - targetIndex.length,
    },
    statistics: statisticsOf(source, target, targetFeature, cost),
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

function pickWork({ passes, device, fallbacks, storage, multiplyAdds, solverSeconds }: MatchWork): MatchWork {
  return { passes, device, fallbacks, storage, multiplyAdds, solverSeconds };
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

function statisticsOf(
  source: Features,
  target: Features,
  targetFeature: Int32Array,
  cost: Float64Array
): SolvedStatistics {
  const elements = vectorLength(source);
  const mse = cost.map((value) => value / elements);
  return { mseMean: mean(mse), mse: quantiles(mse), share: shares(source, target, targetFeature) };
}

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
