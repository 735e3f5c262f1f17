import { writeKeyRecord } from '../../artifacts/key-record';
import { getRecord, putRecord } from '../../artifacts/record';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { openStore } from '../../artifacts/store/open-store';
import type { MethodRow } from '../../artifacts/tables/methods';
import { choiceFigures } from '../../matching/evaluation/choice-figures';
import type { ChoiceSide } from '../../matching/evaluation/choice-figures';
import { identityChoice, mutualChoice, randomChoice } from '../../matching/evaluation/choices';
import type { Choice } from '../../matching/evaluation/choices';
import { greedyChoice } from '../../matching/evaluation/greedy-choice';
import type { Method } from '../../matching/evaluation/methods';
import { NearestLists } from '../../matching/evaluation/nearest-lists';
import { featuresOf } from '../../matching/features';
import type { EvaluatePairInput } from '../../workflows/activity-types';
import type { EvaluationRef, FoldedRef, RunSpec } from '../../workflows/run-types';
import type { TaskContext } from '../task-context';
import { readMatches } from './compare-composed';
import { readFolded } from './folded-artifact';
import { evaluationIngredients, evaluationObject, keyOf } from './keys';
import { reportRows } from './match-rows';

/** Compares what a pair of layers was matched to with what simpler methods choose, or finds that this was done before. */
export async function evaluatePairTask(input: EvaluatePairInput, context: TaskContext): Promise<EvaluationRef> {
  const { spec, source, target, methods } = input;
  const store = openStore(spec.out);
  const made = evaluationIngredients(input);
  const key = keyOf(made);
  const ref = { source: source.layer, target: target.layer, key };
  if ((await readEvaluation(store, key)) !== null) return { ...ref, cached: true };

  context.onProgress({ phase: 'reading', done: 0, total: 1, gap: null });
  const sides = {
    source: await readSide(store, source, spec, context),
    target: await readSide(store, target, spec, context),
  };
  const choices = new Choices(sides, input, context);
  const rows: MethodRow[] = [];
  for (const method of methods) {
    context.throwIfCancelled();
    const choice = await choices.of(method);
    if (choice === null) continue;
    const figures = choiceFigures(sides.source, sides.target, choice);
    rows.push({
      source_layer: source.layer,
      target_layer: target.layer,
      method,
      features: figures.features,
      distinct_targets: figures.distinctTargets,
      cost_mean: figures.costMean,
      folded_mse_decoder: figures.foldedMse.decoder,
      folded_mse_encoder: figures.foldedMse.encoder,
      folded_mse_bias: figures.foldedMse.bias,
      cosine_q05: figures.cosine.q05,
      cosine_q50: figures.cosine.q50,
      cosine_q95: figures.cosine.q95,
    });
  }
  await writeKeyRecord(store, 'evaluations', made);
  await putRecord(store, evaluationObject(key), rows);
  return { ...ref, cached: false };
}

/** What was found for a pair; null when there is none or it is damaged. */
export function readEvaluation(store: ObjectStore, key: string): Promise<readonly MethodRow[] | null> {
  return getRecord<readonly MethodRow[]>(store, evaluationObject(key));
}

async function readSide(
  store: ObjectStore,
  { rows: key, folded: foldedKey }: FoldedRef,
  spec: RunSpec,
  context: TaskContext
): Promise<ChoiceSide> {
  const rows = await readFolded(store, key, context);
  const other = foldedKey === null || foldedKey === key ? null : await readFolded(store, foldedKey, context);
  const report = reportRows(rows, foldedKey === key ? rows : other);
  return { features: featuresOf(rows, spec.weights, spec), report };
}

class Choices {
  private nearest: NearestLists | null = null;

  constructor(
    private readonly sides: { readonly source: ChoiceSide; readonly target: ChoiceSide },
    private readonly input: EvaluatePairInput,
    private readonly context: TaskContext
  ) {}

  /** What a method chooses; null where it was not carried out for the pair. */
  async of(method: Method): Promise<Choice | null> {
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
      case 'matched_folded':
      case 'matched_unfolded': {
        const match = this.input.matches[method];
        return match && (await readMatches(openStore(this.input.spec.out), match)).targetFeature;
      }
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
