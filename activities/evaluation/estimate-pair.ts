import { writeKeyRecord } from '../../artifacts/key-record';
import { getRecord, putRecord } from '../../artifacts/record';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { openStore } from '../../artifacts/store/open-store';
import { decodeChoices } from '../../artifacts/tables/choices';
import type { ReconstructionRow } from '../../artifacts/tables/reconstructions';
import type { ScoreRow } from '../../artifacts/tables/scores';
import { getVerified } from '../../artifacts/verified';
import { compose } from '../../matching/composition';
import { ArtifactCorruptError } from '../../matching/errors';
import { PairEstimates } from '../../matching/evaluation/activations/estimates';
import type { NamedChoice } from '../../matching/evaluation/activations/estimates';
import type { HiddenStates } from '../../matching/evaluation/activations/hidden-error';
import type { EstimateInput, EstimateSide } from '../../workflows/activity-types';
import type { EvaluationRef } from '../../workflows/run-types';
import { readMatches } from '../steps/compare-composed';
import { keyOf } from '../steps/keys';
import { loadLayer } from '../steps/load-layer';
import { READING } from '../task-context';
import type { TaskContext } from '../task-context';
import { decoderWeights } from './decoder-weights';
import { describeEstimates } from './describe-estimates';
import { readEvaluation } from './evaluate-pair';
import { estimatesIngredients, estimatesObject, evaluationObject } from './keys';
import { readStretch, requireMeasured } from './measured-layer';
import type { MeasuredLayer } from './measured-layer';
import { openStates } from './open-states';

/** What is known of a pair by activations. */
export interface Estimates {
  readonly scores: readonly ScoreRow[];
  readonly reconstructions: readonly ReconstructionRow[];
}

/** Carries activations from one layer to another by every method, or finds that this was done before. */
export async function estimatePairTask(input: EstimateInput, context: TaskContext): Promise<EvaluationRef> {
  const { spec, source, target, states } = input;
  const store = openStore(spec.out);
  const made = estimatesIngredients(input);
  const key = keyOf(made);
  const ref = { source: source.layer.layer, target: target.layer.layer, key };
  if ((await readEstimates(store, key)) !== null) return { ...ref, cached: true };

  context.onProgress(READING);
  const layers = {
    source: await requireMeasured(store, source.measured.key),
    target: await requireMeasured(store, target.measured.key),
  };
  const match = await readMatches(store, input.match);
  const ranked = { choice: match.targetFeature, mse: match.mse };
  const read = async ({ layer }: EstimateSide): Promise<ReturnType<typeof decoderWeights>> =>
    decoderWeights((await loadLayer(spec, layer, context)).sae);
  const decoders = { source: await read(source), target: await read(target) };
  const estimates = new PairEstimates(decoders, await readChoices(store, input), ranked);
  await addTokens(estimates, { store, input, layers }, context);
  await writeKeyRecord(store, 'estimates', made);
  const described = describeEstimates(estimates, {
    source: layers.source.row,
    target: layers.target.row,
    documents: states.documents,
  });
  await putRecord(store, estimatesObject(key), described);
  return { ...ref, cached: false };
}

/** What was found for a pair; null when there is none or it is damaged. */
export function readEstimates(store: ObjectStore, key: string): Promise<Estimates | null> {
  return getRecord<Estimates>(store, estimatesObject(key));
}

/** What each method chose; and where the way leads by the layers between. */
async function readChoices(
  store: ObjectStore,
  { evaluation, methods, steps }: EstimateInput
): Promise<readonly NamedChoice[]> {
  const stored = await readEvaluation(store, evaluation.key);
  if (stored === null) {
    throw new ArtifactCorruptError('the choices of an evaluated pair are gone', {
      file: store.url(evaluationObject(evaluation.key)),
      remedy: 'Evaluate the run again: they will be computed again.',
    });
  }
  const table = await decodeChoices(await getVerified(store, stored.choices), store.url(stored.choices.key));
  const done = new Set(stored.rows.map(({ method }) => method));
  const choices = methods
    .filter((method) => done.has(method))
    .map((method) => ({ name: method, choice: table[method] }));
  if (steps === null) return choices;
  const tables = await Promise.all(steps.map(async (step) => (await readMatches(store, step)).targetFeature));
  return [...choices, { name: 'composed', choice: tables.reduce(compose) }];
}

async function addTokens(
  estimates: PairEstimates,
  {
    store,
    input: { states, source, target },
    layers,
  }: {
    readonly store: ObjectStore;
    readonly input: EstimateInput;
    readonly layers: { readonly source: MeasuredLayer; readonly target: MeasuredLayer };
  },
  context: TaskContext
): Promise<void> {
  const open = await openStates(states, [source.layer.layer, target.layer.layer], context);
  const ahead = open.stream(target.layer.layer);
  let token = 0;
  let stretch = 0;
  for await (const sourceStates of open.stream(source.layer.layer)) {
    const { value: targetStates } = (await ahead.next()) as IteratorYieldResult<HiddenStates>;
    const activations = {
      source: await readStretch(store, layers.source.stretches[stretch]!, layers.source.row.features),
      target: await readStretch(store, layers.target.stretches[stretch]!, layers.target.row.features),
    };
    const block = {
      documents: open.documents.document.subarray(token, token + sourceStates.tokens),
      source: { states: sourceStates, activations: activations.source },
      target: { states: targetStates, activations: activations.target },
    };
    estimates.add(block, () => {
      if (token++ % 64 !== 0) return;
      context.throwIfCancelled();
      context.onProgress({ phase: 'evaluating', done: token, total: states.tokens, gap: null });
    });
    stretch += 1;
  }
  estimates.coActivation.endStretch();
}
