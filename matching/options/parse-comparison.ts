import { UsageError } from '../errors';
import { METRICS, parseWeightMode, PARTS_OF_MODE, WEIGHT_MODES } from '../features';
import type { Metric, PartName, PartWeights, WeightMode } from '../features';
import { parsePartWeights } from './parse-part-weights';

/** What is compared, as flags and keys say it. */
export interface GivenComparison {
  readonly weights?: string | undefined;
  readonly metric?: string | undefined;
  readonly partWeights?: string | Readonly<Record<string, number>> | undefined;
}

/** What is compared, in its one form: only what differs from the defaults is there. */
export interface Comparison {
  readonly weights: WeightMode;
  readonly metric?: Exclude<Metric, 'mse'>;
  /** Weights other than 1 of the parts' squared distances. */
  readonly part_weights?: PartWeights;
}

/**
 * Brings what is compared to its one form, so that two ways of asking for the same are the same run: the mode that has
 * exactly the parts of a weight other than 0 where there is one, and only what differs from the defaults.
 *
 * @throws UsageError when something cannot be understood, a part is named that the mode has not, or none is left
 */
export function parseComparison(given: GivenComparison): Comparison {
  const mode = parseWeightMode(given.weights ?? 'decoder');
  const metric = parseMetric(given.metric ?? 'mse');
  const partWeights = given.partWeights === undefined ? {} : parsePartWeights(given.partWeights);
  checkParts(mode, partWeights);
  const weights = leanestMode(mode, partWeights);
  const special = PARTS_OF_MODE[weights].filter((part) => weightOf(partWeights, part) !== 1);
  return {
    weights,
    ...(metric !== 'mse' && { metric }),
    ...(special.length > 0 && {
      part_weights: Object.fromEntries(special.map((part) => [part, weightOf(partWeights, part)])),
    }),
  };
}

/** Checks a string for being a metric. @throws UsageError */
export function parseMetric(text: string): Metric {
  const metric = METRICS.find((candidate) => candidate === text);
  if (metric !== undefined) return metric;
  throw new UsageError('unknown metric', { field: '--metric', found: text, expected: METRICS.join(' | ') });
}

function checkParts(mode: WeightMode, partWeights: PartWeights): void {
  const parts = PARTS_OF_MODE[mode];
  const foreign = (Object.keys(partWeights) as PartName[]).find((part) => !parts.includes(part));
  if (foreign !== undefined) {
    throw new UsageError('a weight is given for a part that is not compared', {
      field: '--part-weights',
      found: foreign,
      expected: `${parts.join(', ')} (of --weights ${mode})`,
    });
  }
  if (parts.some((part) => weightOf(partWeights, part) !== 0)) return;
  throw new UsageError('no part is left to compare', {
    field: '--part-weights',
    found: parts.map((part) => `${part}=0`).join(','),
    expected: 'a weight above 0 for at least one part',
  });
}

/** A part of weight 0 is not compared, as if the mode had not had it. */
function leanestMode(mode: WeightMode, partWeights: PartWeights): WeightMode {
  const compared = PARTS_OF_MODE[mode].filter((part) => weightOf(partWeights, part) !== 0).join();
  return WEIGHT_MODES.find((candidate) => PARTS_OF_MODE[candidate].join() === compared) ?? mode;
}

const weightOf = (partWeights: PartWeights, part: PartName): number => partWeights[part] ?? 1;
