import { writeKeyRecord } from '../../artifacts/key-record';
import { putOnce } from '../../artifacts/put-once';
import { getRecord, putRecord } from '../../artifacts/record';
import type { ObjectStore, StoredObject } from '../../artifacts/store/object-store';
import { openStore } from '../../artifacts/store/open-store';
import { encodeChoices } from '../../artifacts/tables/choices';
import type { HistogramRow } from '../../artifacts/tables/histograms';
import type { MethodRow } from '../../artifacts/tables/methods';
import { areIntact } from '../../artifacts/verified';
import { choiceFigures } from '../../matching/evaluation/choice-figures';
import type { ChoiceFigures, ChoiceSide } from '../../matching/evaluation/choice-figures';
import type { Choice } from '../../matching/evaluation/choices';
import { histogramOf } from '../../matching/evaluation/histogram';
import type { Method } from '../../matching/evaluation/methods';
import { featuresOf } from '../../matching/features';
import type { EvaluatePairInput } from '../../workflows/activity-types';
import type { EvaluationRef, FoldedRef, RunSpec } from '../../workflows/run-types';
import { readFolded } from '../steps/folded-artifact';
import { keyOf } from '../steps/keys';
import { reportRows } from '../steps/match-rows';
import { matchingOptions } from '../steps/matching-options';
import type { TaskContext } from '../task-context';
import { evaluationIngredients, evaluationObject } from './keys';
import { MethodChoices } from './method-choices';

/** What is known of a pair by the weights alone. */
export interface Evaluation {
  readonly rows: readonly MethodRow[];
  readonly histograms: readonly HistogramRow[];
  /** Table of what each method chose. */
  readonly choices: StoredObject;
}

/** Compares what a pair of layers was matched to with what simpler methods choose, or finds that this was done before. */
export async function evaluatePairTask(input: EvaluatePairInput, context: TaskContext): Promise<EvaluationRef> {
  const { spec, source, target } = input;
  const store = openStore(spec.out);
  const made = evaluationIngredients(input);
  const key = keyOf(made);
  const ref = { source: source.layer, target: target.layer, key };
  if (await isEvaluated(store, key)) return { ...ref, cached: true };

  context.onProgress({ phase: 'reading', done: 0, total: 1, gap: null });
  const sides = {
    source: await readSide(store, source, spec, context),
    target: await readSide(store, target, spec, context),
  };
  const chosen = await chooseByAll(new MethodChoices(sides, input, context), input, context);
  const figures = chosen.map(({ method, choice }) => ({
    method,
    ...choiceFigures(sides.source, sides.target, choice),
  }));
  await writeKeyRecord(store, 'evaluations', made);
  const table = encodeChoices(
    Object.fromEntries(chosen.map(({ method, choice }) => [method, choice])),
    sides.source.features.count,
    { inputs: { source: source.inputs, target: target.inputs }, options: matchingOptions(spec) }
  );
  const evaluation: Evaluation = {
    rows: figures.map((one) => methodRow(input, one)),
    histograms: histogramRows(input, figures),
    choices: await putOnce(store, evaluationObject(key, 'choices.parquet'), table),
  };
  await putRecord(store, evaluationObject(key), evaluation);
  return { ...ref, cached: false };
}

/** What was found for a pair; null when there is none or it is damaged. */
export function readEvaluation(store: ObjectStore, key: string): Promise<Evaluation | null> {
  return getRecord<Evaluation>(store, evaluationObject(key));
}

/** Whether a pair was evaluated before, and the table of its choices is intact. */
async function isEvaluated(store: ObjectStore, key: string): Promise<boolean> {
  const evaluation = await readEvaluation(store, key);
  return evaluation !== null && (await areIntact(store, [evaluation.choices]));
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

interface ChosenBy {
  readonly method: Method;
  readonly choice: Choice;
}

async function chooseByAll(
  choices: MethodChoices,
  { methods }: EvaluatePairInput,
  context: TaskContext
): Promise<ChosenBy[]> {
  const chosen: ChosenBy[] = [];
  for (const method of methods) {
    context.throwIfCancelled();
    const choice = await choices.of(method);
    if (choice !== null) chosen.push({ method, choice });
  }
  return chosen;
}

type FiguresBy = ChoiceFigures & { readonly method: Method };

function methodRow({ source, target }: EvaluatePairInput, figures: FiguresBy): MethodRow {
  return {
    source_layer: source.layer,
    target_layer: target.layer,
    method: figures.method,
    features: figures.features,
    distinct_targets: figures.distinctTargets,
    cost_mean: figures.costMean,
    folded_mse_decoder: figures.foldedMse.decoder,
    folded_mse_encoder: figures.foldedMse.encoder,
    folded_mse_bias: figures.foldedMse.bias,
    decoder_difference_norm_mean: figures.decoderDifferenceNorm,
    cosine_q05: figures.cosine.q05,
    cosine_q50: figures.cosine.q50,
    cosine_q95: figures.cosine.q95,
  };
}

/** Empty bars are left out. */
function histogramRows({ source, target }: EvaluatePairInput, figures: readonly FiguresBy[]): HistogramRow[] {
  const drawn = figures.filter(({ decoderMse }) => decoderMse !== null);
  const histogram = histogramOf(drawn.map(({ decoderMse }) => decoderMse!));
  if (histogram === null) return [];
  return drawn.flatMap(({ method }, index) =>
    Array.from(histogram.counts[index]!, (features, bar) => ({
      source_layer: source.layer,
      target_layer: target.layer,
      method,
      low: histogram.edges[bar]!,
      high: histogram.edges[bar + 1]!,
      features,
    })).filter(({ features }) => features > 0)
  );
}
