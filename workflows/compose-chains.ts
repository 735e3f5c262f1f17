import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import { activityOptions } from './activity-options';
import type { ChainsRef, FoldActivities } from './activity-types';
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

const MAX_CONCURRENT_COMPARISONS = 32;

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
  const positions = new Map(layers.map(({ layer }, index) => [layer, index]));
  const folded = new Map(layers.map(({ layer, folded: ref }) => [layer, ref]));
  const slots = bounded(MAX_CONCURRENT_COMPARISONS);
  const comparisons = request.matches.map((direct) => {
    const from = positions.get(direct.source)!;
    const path = steps.slice(from, positions.get(direct.target));
    if (path.length < 2 || path.some((step) => step === null)) return null;
    const source = folded.get(direct.source)!;
    const target = folded.get(direct.target)!;
    const work = source.features * source.elements;
    const { compareComposed } = proxyActivities<FoldActivities>(activityOptions('fold', execution, { work, until }));
    return slots(() => compareComposed({ spec, source, target, direct, steps: path as MatchRef[] }));
  });
  const composed = await Promise.all(comparisons.filter((comparison) => comparison !== null));
  const { buildChains } = proxyActivities<FoldActivities>(activityOptions('fold', execution, { until }));
  return { chains: await buildChains({ spec, layers, steps }), composed };
}
