import { openStore } from '../../artifacts/store/open-store';
import type { ChoiceSide } from '../../matching/evaluation/choice-figures';
import { identityChoice, mutualChoice, randomChoice } from '../../matching/evaluation/choices';
import type { Choice } from '../../matching/evaluation/choices';
import { greedyChoice } from '../../matching/evaluation/greedy-choice';
import { MATCHED_METHODS } from '../../matching/evaluation/methods';
import type { MatchedMethod, Method } from '../../matching/evaluation/methods';
import { NearestLists } from '../../matching/evaluation/nearest-lists';
import type { EvaluatePairInput } from '../../workflows/activity-types';
import { readMatches } from '../steps/compare-composed';
import { keyOf } from '../steps/keys';
import type { TaskContext } from '../task-context';

/** What each method chooses for one pair of layers; nearest neighbours are worked out once, when the first method needs them. */
export class MethodChoices {
  private nearest: NearestLists | null = null;

  constructor(
    private readonly sides: { readonly source: ChoiceSide; readonly target: ChoiceSide },
    private readonly input: EvaluatePairInput,
    private readonly context: TaskContext
  ) {}

  /** Null where the method was not carried out for the pair. */
  async of(method: Method): Promise<Choice | null> {
    if (isMatched(method)) {
      const match = this.input.matches[method] ?? null;
      return match && (await readMatches(openStore(this.input.spec.out), match)).targetFeature;
    }
    const { source, target } = this.sides;
    const excluded = { source: source.features.excluded, target: target.features.excluded };
    switch (method) {
      case 'identity':
        return identityChoice(excluded);
      case 'random':
        return randomChoice(excluded, this.seed());
      case 'nearest':
        return this.nearestTarget();
      case 'mutual_nearest':
        return mutualChoice(this.nearestTarget(), this.lists().nearestSource);
      case 'greedy':
        return greedyChoice(
          this.lists(),
          excluded.target.map((value) => 1 - value)
        );
    }
  }

  private nearestTarget(): Choice {
    return Int32Array.from(this.lists().lists, ({ target }) => target[0] ?? -1);
  }

  private lists(): NearestLists {
    const { source, target } = this.sides;
    const total = source.features.count;
    this.nearest ??= new NearestLists(source.features, target.features, (done) => {
      if (done % 64 !== 0) return;
      this.context.throwIfCancelled();
      this.context.onProgress({ phase: 'evaluating', done, total, gap: null });
    });
    return this.nearest;
  }

  /** The same for the same inputs, whatever else is asked for. */
  private seed(): string {
    const { source, target } = this.input;
    const inputs = { source: source.inputs, target: target.inputs, layers: [source.layer, target.layer] };
    return keyOf({ kind: 'random choice', inputs });
  }
}

const isMatched = (method: Method): method is MatchedMethod => MATCHED_METHODS.some((matched) => matched === method);
