import { proxyActivities } from '@temporalio/workflow';
import { activityOptions } from './activity-options';
import type { FoldActivities, PublishEvaluationInput } from './activity-types';
import { eachAlone } from './each-alone';
import type { PieceOfWork } from './each-alone';
import type { MatchedModel } from './match-model';
import { pieceDeadline } from './run-io';
import type {
  CyclesRef,
  EvaluateRequest,
  EvaluationRef,
  Failure,
  LayerPlan,
  MatchRef,
  MeasuredRef,
  RunPlan,
  StatesPlan,
} from './run-types';
import { nameOf } from './settle-pair';

/** What an evaluation knows when the choices of its pairs are compared. */
export interface EvaluatedRun {
  readonly plan: RunPlan;
  readonly model: MatchedModel;
  /** Null without hidden states. */
  readonly states: StatesPlan | null;
  readonly pairs: readonly EvaluationRef[];
  /** What fails is added here. */
  readonly failures: Failure[];
}

/** What is said besides: of the layers, of cycles of matches, and of activations where there are hidden states. */
export async function evaluateMore(
  request: EvaluateRequest,
  run: EvaluatedRun
): Promise<Pick<PublishEvaluationInput, 'layers' | 'cycles' | 'activations'>> {
  const [layers, cycles] = await Promise.all([measureLayers(request, run), compareCycles(request, run)]);
  if (run.states === null) return { layers, cycles };
  const pairs = await estimatePairs(request, run, run.states, layers);
  return { layers, cycles, activations: { states: run.states, pairs } };
}

/** Does something in the pool `fold` for every item; what fails alone is noted. */
function forEach<T, R>(
  request: EvaluateRequest,
  { failures }: EvaluatedRun,
  items: readonly T[],
  about: (item: T) => PieceOfWork & { readonly work: number },
  work: (item: T, activities: FoldActivities) => Promise<R>
): Promise<R[]> {
  return eachAlone(request, items, failures, {
    about,
    work: (item) => {
      const options = activityOptions('fold', request.execution, {
        work: about(item).work,
        until: pieceDeadline(request),
      });
      return work(item, proxyActivities<FoldActivities>(options));
    },
  });
}

/** What is planned of one layer alone: histories keep every input. */
const statesOf = (states: StatesPlan, { layer }: LayerPlan): StatesPlan => ({
  ...states,
  layers: states.layers.filter((one) => one.layer === layer),
});

/** Multiply-adds of encoding all tokens, or of reading the layer at least. */
const encodingWork = ({ features, elements }: LayerPlan, states: StatesPlan | null): number =>
  features * elements * (1 + (states?.tokens ?? 0));

/** Reading a match takes as long as so many multiply-adds a feature. */
const READING_WORK = 100;

function measureLayers(request: EvaluateRequest, run: EvaluatedRun): Promise<MeasuredRef[]> {
  const { plan, model, states } = run;
  const hasStates = new Set(states?.layers.map(({ layer }) => layer));
  return forEach(
    request,
    run,
    plan.layers.filter(({ layer }) => model.folded.has(layer)),
    (layer) => ({ what: 'measure', layers: [layer.layer], work: encodingWork(layer, states) }),
    (layer, activities) =>
      activities.measureLayer({
        ...{ spec: request.spec, layer },
        states: states !== null && hasStates.has(layer.layer) ? statesOf(states, layer) : null,
      })
  );
}

/** By source layer, where it was matched directly with two layers at least that are matched with each other. */
function compareCycles(request: EvaluateRequest, run: EvaluatedRun): Promise<CyclesRef[]> {
  const { plan, model } = run;
  const inputs = plan.layers.flatMap(({ layer }) => {
    const direct = model.matches.filter(({ source, target }) => source === layer && target > layer);
    const targets = new Set(direct.map(({ target }) => target));
    const onward = model.matches.filter(
      ({ source, target }) => source < target && targets.has(source) && targets.has(target)
    );
    return onward.length === 0 ? [] : [{ spec: request.spec, layer, direct, onward }];
  });
  return forEach(
    request,
    run,
    inputs,
    ({ layer, onward }) => {
      const features = model.folded.get(layer)?.features ?? 0;
      return { what: 'cycles', layers: [layer], work: onward.length * features * READING_WORK };
    },
    (input, activities) => activities.compareCycles(input)
  );
}

function estimatePairs(
  request: EvaluateRequest,
  run: EvaluatedRun,
  states: StatesPlan,
  measured: readonly MeasuredRef[]
): Promise<EvaluationRef[]> {
  const { plan, model } = run;
  const hasStates = new Set(states.layers.map(({ layer }) => layer));
  const side = (layer: number): { layer: LayerPlan; measured: MeasuredRef } | null => {
    const of = measured.find((one) => one.layer === layer);
    const planned = plan.layers.find((one) => one.layer === layer);
    return of === undefined || planned === undefined || !hasStates.has(layer) ? null : { layer: planned, measured: of };
  };
  const own = new Map(model.matches.map((match) => [nameOf([match.source, match.target]), match]));
  const inputs = run.pairs.flatMap((evaluation) => {
    const [source, target] = [side(evaluation.source), side(evaluation.target)];
    const match = own.get(nameOf([evaluation.source, evaluation.target]));
    if (source === null || target === null || match === undefined) return [];
    const steps = stepsBetween(evaluation, plan, own);
    const ofPair = { ...states, layers: states.layers.filter(({ layer }) => isOneOf(evaluation, layer)) };
    return [{ spec: request.spec, states: ofPair, source, target, methods: request.methods, evaluation, match, steps }];
  });
  return forEach(
    request,
    run,
    inputs,
    ({ source, target }) => ({
      what: 'estimate',
      layers: [source.layer.layer, target.layer.layer],
      work: encodingWork(source.layer, states) + encodingWork(target.layer, states),
    }),
    (input, activities) => activities.estimatePair(input)
  );
}

const isOneOf = ({ source, target }: EvaluationRef, layer: number): boolean => layer === source || layer === target;

/** The matches of neighbouring selected layers that lead from one layer to another; null where they are neighbours, or one is missing. */
function stepsBetween(
  { source, target }: EvaluationRef,
  { layers }: RunPlan,
  own: ReadonlyMap<string, MatchRef>
): MatchRef[] | null {
  const between = layers.map(({ layer }) => layer).filter((layer) => layer >= source && layer <= target);
  if (between.length < 3) return null;
  const steps = between.slice(0, -1).map((layer, index) => own.get(nameOf([layer, between[index + 1]!])));
  return steps.some((step) => step === undefined) ? null : (steps as MatchRef[]);
}
