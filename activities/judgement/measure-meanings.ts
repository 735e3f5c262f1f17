import type { MatchTable } from '../../artifacts/tables/matches';
import type { Choice } from '../../matching/evaluation/choices';
import { drawFeatures, randomDescribed } from '../../matching/evaluation/meaning/draw-pairs';
import { LexicalScores } from '../../matching/evaluation/meaning/lexical-scores';
import type { LayerDescriptions } from '../../matching/evaluation/meaning/lexical-scores';
import { mean } from '../../matching/statistics';
import type { DrawnPair, MeaningMethod, Meanings, MethodFigures } from './meanings';

export interface ComparedLayers {
  readonly descriptions: { readonly source: LayerDescriptions; readonly target: LayerDescriptions };
  /** The run's own matches of the two layers, or those by way of the layers between; one of them at least. */
  readonly direct: MatchTable | null;
  readonly composed: Choice | null;
  /** Most features that are drawn. */
  readonly samples: number;
  /** Hex digits; see `SeededRandom`. */
  readonly drawSeed: string;
  readonly randomSeed: string;
}

/** Targets by one method, and how far they are. */
interface ChosenTargets {
  readonly method: MeaningMethod;
  readonly choice: Choice;
  /** NaN where it is not known `[source features]`; null where it is known of none. */
  readonly mse: Float64Array | null;
}

/**
 * Compares descriptions by their words, by every method, over all features; and draws features whose match and themselves are
 * described, each with its targets by all methods.
 */
export function measureMeanings(layers: ComparedLayers): Meanings {
  const { source, target } = layers.descriptions;
  const scores = new LexicalScores(source, target);
  const chosen = methodsOf(layers);
  const scored = chosen.map(({ choice }) =>
    Float64Array.from(choice, (j, i) => (j < 0 ? null : scores.of(i, j)) ?? NaN)
  );
  const mayBeDrawn = Array.from(scored[0]!, (score) => !Number.isNaN(score));
  const rows = drawFeatures(mayBeDrawn, layers.samples, layers.drawSeed).flatMap((i) =>
    chosen.flatMap(({ method, choice, mse }, index): DrawnPair[] => {
      const lexical = scored[index]![i]!;
      const j = choice[i]!;
      if (Number.isNaN(lexical)) return [];
      return [
        {
          ...{ method, source: i, target: j, lexical, mse: numberOrNull(mse?.[i]) },
          descriptions: [source[i]!, target[j]!],
        },
      ];
    })
  );
  return { figures: chosen.map(({ method, choice }, index) => figuresOf(method, choice, scored[index]!)), rows };
}

/** The first is that whose pairs decide what may be drawn. */
function methodsOf({ direct, composed, descriptions, randomSeed }: ComparedLayers): ChosenTargets[] {
  const methods: ChosenTargets[] = [];
  if (direct !== null) methods.push({ method: 'matched', choice: direct.targetFeature, mse: direct.mse });
  if (composed !== null) methods.push({ method: 'composed', choice: composed, mse: null });
  if (direct !== null) methods.push({ method: 'nearest', choice: direct.nearestTarget, mse: nearestMse(direct) });
  const random = randomDescribed(methods[0]!.choice, descriptions.target, randomSeed);
  return [...methods, { method: 'random', choice: random, mse: null }];
}

/** A table knows the number of elements of a vector as the quotient of any match's cost and mean. */
function nearestMse({ cost, mse, nearestCost }: MatchTable): Float64Array {
  const known = cost.findIndex((value) => value > 0);
  const elements = known < 0 ? 1 : Math.round(cost[known]! / mse[known]!);
  return nearestCost.map((value) => value / elements);
}

function figuresOf(method: MeaningMethod, choice: Choice, scores: Float64Array): MethodFigures {
  const known = scores.filter((score) => !Number.isNaN(score));
  const share = (holds: (score: number) => boolean): number | null =>
    known.length === 0 ? null : known.filter(holds).length / known.length;
  return {
    method,
    features: choice.filter((j) => j >= 0).length,
    described: known.length,
    lexicalMean: mean(known),
    sameWords: share((score) => score === 1),
    anyWord: share((score) => score > 0),
  };
}

const numberOrNull = (value: number | undefined): number | null =>
  value === undefined || Number.isNaN(value) ? null : value;
