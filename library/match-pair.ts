import { checkHooks } from '../activities/steps/check-hooks';
import type { LayerRows } from '../activities/steps/match-folded';
import { matchRow } from '../activities/steps/match-tables';
import { matchingOptions } from '../activities/steps/matching-options';
import { defaultMemoryBudget } from '../infra/machine';
import { chooseDevice } from '../kernels/choose-device';
import type { DeviceChoice } from '../kernels/choose-device';
import { UsageError } from '../matching/errors';
import type { Metric, PartWeights, WeightMode } from '../matching/features';
import { parseComparison } from '../matching/options/parse-comparison';
import { parseUnmatched } from '../matching/options/parse-unmatched';
import { parseBytes } from '../transport/parse-bytes';
import type { FoldedSae } from './fold';
import type { MatchedOptions, Matching } from './matching';
import { rowsOf } from './support/rows-of';
import { runInThread } from './support/run-in-thread';
import type { SaeOrigin } from './sae';
import type { TaskOptions } from './task-options';

export interface MatchOptions extends TaskOptions {
  /** Which weights of a feature are compared. Default: `decoder`. */
  readonly weights?: WeightMode;
  /** What is made small: `mse`, squared distances, or `cosine`, those of the vectors scaled to unit length. Default: `mse`. */
  readonly metric?: Metric;
  /** Weights of the squared distances of decoder, encoder and bias. Default: 1 each. */
  readonly partWeights?: PartWeights;
  /**
   * ρ: features may stay unmatched at the price (1 − ρ)‖·‖², so that two features are worth matching from a cosine of ρ on at
   * equal norms. Default: every feature of the smaller side is matched.
   */
  readonly unmatched?: number;
  /** Matches SAEs of different kinds of hook point too. Default: false. */
  readonly allowHookMismatch?: boolean;
  /** Where similarities are computed; the result does not depend on it. Default: `auto`, CUDA where it works, else the processor. */
  readonly device?: DeviceChoice;
  /** Bounds the memory of this process: bytes, or a size such as `4GiB`. Default: 70 % of the machine's. */
  readonly memoryBudget?: number | string;
}

/**
 * The one-to-one matching of two SAEs with the smallest sum of squared distances (SAE Match, arXiv 2410.07656, Eq. 3), with
 * a proof that no other is cheaper. The same inputs and options give the same matching, on any device: of several optimal
 * ones the lexicographically smallest.
 *
 * Computes in threads by onnxruntime; nothing has to be set up. Threads wait a minute for the next call, keep no process alive,
 * and end by themselves. A match takes all cores: match pairs one after the other.
 *
 * @throws InputError when the SAEs have no space in common, or no feature is left on one side
 * @throws UsageError when options contradict each other, or the SAEs were folded in different ways
 * @throws MemoryBudgetError when the pair does not fit the memory budget
 * @throws EnvironmentError when the device does not work here
 * @throws CancelledError when the signal was aborted
 *
 * @example
 * ```ts
 * import { fold, matchPair, readSae } from 'sae-match';
 *
 * const a = fold(await readSae('examples/minilm-l6#3'));
 * const b = fold(await readSae('examples/minilm-l6#4'));
 * const { targetFeature, objective, certificate } = await matchPair(a, b);
 * console.log(targetFeature.length, Math.abs(certificate.gap) <= 1e-9 * objective);
 * // 1024 true
 * ```
 *
 * @example Features without a good partner stay unmatched.
 * ```ts
 * import { fold, matchPair, readSae } from 'sae-match';
 *
 * const a = fold(await readSae('examples/minilm-l6#3'));
 * const b = fold(await readSae('examples/minilm-l6#4'));
 * const { figures, targetFeature } = await matchPair(a, b, { metric: 'cosine', unmatched: 0.7 });
 * console.log(figures.matched === targetFeature.filter((j) => j >= 0).length, figures.matched! < 1024);
 * // true true
 * ```
 */
export async function matchPair(source: FoldedSae, target: FoldedSae, options: MatchOptions = {}): Promise<Matching> {
  const started = new Date();
  const asked = comparisonOf(source, target, options);
  if (options.allowHookMismatch !== true) checkHooks([source, target].map(({ name, header }) => ({ name, ...header })));
  const resources = {
    memoryBudget:
      options.memoryBudget === undefined ? defaultMemoryBudget() : parseBytes(options.memoryBudget, 'memoryBudget'),
    slots: 1,
    device: await chooseDevice(options.device ?? 'auto'),
  };
  const sides = { source: layerRows(source), target: layerRows(target) };
  const matching = await runInThread('matchFolded', { ...sides, options: asked, resources }, options);
  const pair = {
    ...{ sourceLayer: source.header.layer, sourceFeatures: source.features },
    ...{ targetLayer: target.header.layer, targetFeatures: target.features, matching },
  };
  const seconds = (Date.now() - started.getTime()) / 1000;
  const { targetFeature, sourceFeature, cost, nearestTarget, nearestCost, mutualNearest } = matching;
  const { objective, matchedCost, certificate } = matching;
  return {
    ...{ source: originOf(source), target: originOf(target), options: asked },
    ...{ targetFeature, sourceFeature, cost, nearestTarget, nearestCost, mutualNearest },
    decoderCosine: Float32Array.from(matching.decoderCosine),
    encoderCosine: Float32Array.from(matching.encoderCosine),
    ...{ objective, matchedCost, certificate, started },
    figures: { ...matchRow(pair, seconds), composed_agreement: null, composed_extra_cost: null },
  };
}

function comparisonOf(source: FoldedSae, target: FoldedSae, options: MatchOptions): MatchedOptions {
  const [a, b] = [source, target].map((side) => ({ ...side.options, scale: side.scaledBy?.choice }));
  const differing = (['fold', 'degenerate', 'scale'] as const).find((name) => a![name] !== b![name]);
  if (differing !== undefined) {
    throw new UsageError('the SAEs were folded in different ways', {
      ...{ file: `${source.name} and ${target.name}`, field: differing },
      ...{ found: `${a![differing] ?? 'none'} and ${b![differing] ?? 'none'}`, expected: 'the same for both' },
    });
  }
  const { weights, metric, partWeights, unmatched } = options;
  return matchingOptions({
    ...parseComparison({ weights, metric, partWeights }),
    ...source.options,
    ...(a!.scale !== undefined && { scale: a!.scale }),
    ...(unmatched !== undefined && { unmatched: parseUnmatched(unmatched) }),
  });
}

function layerRows({ name, folded, ...rows }: FoldedSae): LayerRows {
  const own = rowsOf(rows);
  return { name, rows: own, folded: folded && (folded.decoder === rows.decoder ? own : rowsOf(folded)) };
}

function originOf({ name, files, scaledBy, header }: FoldedSae): SaeOrigin {
  return { name, files, scaledBy, header };
}
