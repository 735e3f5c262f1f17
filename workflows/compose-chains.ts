import { patched, proxyActivities, workflowInfo } from '@temporalio/workflow';
import { activityOptions } from './activity-options';
import type { ChainsRef, CompareInput, FoldActivities } from './activity-types';
import { bounded } from './bounded';
import { deadlineOf } from './deadline';
import type { ComposedComparison, FoldedRef, MatchRef, RunExecution, RunSpec } from './run-types';

export interface ComposeRequest {
  readonly spec: RunSpec;
  readonly execution: RunExecution;
  /** The selected layers, ascending. */
  readonly layers: readonly { readonly layer: number; readonly folded: FoldedRef | null }[];
  readonly matches: readonly MatchRef[];
  /** Until when its steps are tried, in milliseconds since the epoch. */
  readonly deadline?: number;
}

export interface Composition {
  readonly chains: ChainsRef;
  readonly composed: readonly ComposedComparison[];
}

/** Layers that are compared at once. What they are given must fit one message to the server: some 60 kB each. */
const MAX_CONCURRENT_LAYERS = 16;
/** The same of pairs, in runs that were started by an earlier version. */
const MAX_CONCURRENT_PAIRS = 32;

/**
 * Stitches the matches of neighbouring layers into chains, and compares the composition with the direct match of every
 * pair of layers further apart.
 */
export async function composeChains(request: ComposeRequest): Promise<Composition> {
  const { spec, execution, layers } = request;
  const until = request.deadline ?? deadlineOf(execution, workflowInfo().runStartTime);
  const between = new Map(request.matches.map((match) => [`${match.source}:${match.target}`, match]));
  const steps = layers
    .slice(0, -1)
    .map(({ layer }, index) => between.get(`${layer}:${layers[index + 1]!.layer}`) ?? null);
  const composed = await compareAll(comparisonsOf(request, steps), request, until);
  const { buildChains } = proxyActivities<FoldActivities>(activityOptions('fold', execution, { until }));
  return { chains: await buildChains({ spec, layers, steps }), composed };
}

/** A comparison for each pair of layers with others between them and a step from each of these to the next. */
function comparisonsOf({ spec, layers, matches }: ComposeRequest, steps: readonly (MatchRef | null)[]): CompareInput[] {
  const positions = new Map(layers.map(({ layer }, index) => [layer, index]));
  return matches.flatMap((direct) => {
    const [from, to] = [positions.get(direct.source)!, positions.get(direct.target)!];
    const path = steps.slice(from, to).filter((step) => step !== null);
    if (path.length < 2 || path.length < to - from) return [];
    const [source, target] = [layers[from]!.folded!, layers[to]!.folded!];
    return [{ spec, source, targets: [{ folded: target, direct }], steps: path }];
  });
}

async function compareAll(
  comparisons: readonly CompareInput[],
  { execution }: ComposeRequest,
  until: number
): Promise<readonly ComposedComparison[]> {
  if (comparisons.length === 0) return [];
  const activities = ({ source, targets }: CompareInput): FoldActivities => {
    const work = source.features * source.elements * targets.length;
    return proxyActivities<FoldActivities>(activityOptions('fold', execution, { work, until }));
  };
  if (patched('compose-by-layer')) {
    const slots = bounded(MAX_CONCURRENT_LAYERS);
    const compared = byLayer(comparisons).map((input) => slots(() => activities(input).compareLayer(input)));
    return (await Promise.all(compared)).flat();
  }
  const slots = bounded(MAX_CONCURRENT_PAIRS);
  const compared = comparisons.map((input) => {
    const { spec, source, steps } = input;
    const [{ folded: target, direct }] = input.targets as [CompareInput['targets'][number]];
    return slots(() => activities(input).compareComposed({ spec, source, target, direct, steps }));
  });
  return Promise.all(compared);
}

/** Brings the comparisons of a source layer together: the way to the last target leads by the others. */
function byLayer(comparisons: readonly CompareInput[]): CompareInput[] {
  const layers = new Map<number, CompareInput>();
  for (const one of [...comparisons].sort((a, b) => a.steps.length - b.steps.length)) {
    const nearer = layers.get(one.source.layer);
    layers.set(one.source.layer, { ...one, targets: [...(nearer?.targets ?? []), ...one.targets] });
  }
  return [...layers.values()];
}
