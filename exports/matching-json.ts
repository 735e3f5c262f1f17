import type { MatchTable } from '../artifacts/tables/matches';
import { listJson } from './list-json';
import type { FailedPair } from './matched-pairs';
import type { Provenance } from './provenance';
import type { RandomCosine } from './random-cosines';

/** Value of the field `schema`. */
export const MATCHING_SCHEMA = 'sae-match/export@1';

/** What is said of a pair of layers. */
export interface ExportedMatching {
  readonly source_layer: number | null;
  readonly target_layer: number | null;
  readonly matches: Pick<MatchTable, 'targetFeature' | 'decoderCosine'>;
  readonly targetFeatures: number;
  /** Null where no baseline is wanted, or decoder rows cannot be compared. */
  readonly random: RandomCosine | null;
}

/** Where the matchings come from, and what of them there is. */
export interface MatchingsHead {
  readonly provenance: Provenance;
  readonly failed: readonly FailedPair[];
}

/**
 * Matchings as JSON, pair by pair: what is said of all first, then `pairs`, one a line.
 *
 * @param matchings each is asked for when those before it have been written
 */
export function matchingsJson(
  { provenance, failed }: MatchingsHead,
  matchings: AsyncIterable<ExportedMatching>
): AsyncGenerator<string> {
  return listJson({ schema: MATCHING_SCHEMA, ...provenance, failed }, 'pairs', pairs(matchings));
}

async function* pairs(matchings: AsyncIterable<ExportedMatching>): AsyncGenerator<string> {
  for await (const matching of matchings) yield pairJson(matching);
}

function pairJson({ source_layer, target_layer, matches, targetFeatures, random }: ExportedMatching): string {
  const { targetFeature, decoderCosine } = matches;
  const figures = {
    ...{ source_layer, target_layer },
    source_features: targetFeature.length,
    target_features: targetFeatures,
    matched: targetFeature.reduce((count, j) => count + Number(j >= 0), 0),
    mean_abs_cosine: meanAbsolute(decoderCosine),
    random,
  };
  const targets = Array.from(targetFeature, (j) => (j < 0 ? 'null' : String(j))).join(',');
  const cosines = Array.from(decoderCosine, cosineText).join(',');
  return `${JSON.stringify(figures).slice(0, -1)},\n"target_feature":[${targets}],\n"cosine":[${cosines}]}`;
}

/** Nine digits tell any two float32 numbers apart. */
const cosineText = (value: number): string => (Number.isNaN(value) ? 'null' : String(Number(value.toPrecision(9))));

function meanAbsolute(values: Float32Array): number | null {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += Math.abs(value);
    count += 1;
  }
  return count === 0 ? null : sum / count;
}
