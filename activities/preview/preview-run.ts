import type { Prediction } from '../../artifacts/planning-record';
import { openStore } from '../../artifacts/store/open-store';
import type { LayerPlan, RunPlan, RunSpec } from '../../workflows/run-types';
import { misfits } from '../planning/check-fit';
import type { Misfit } from '../planning/check-fit';
import { workOf } from '../planning/pair-work';
import type { MatchPlace } from '../planning/pair-work';
import { predictRun } from '../planning/predict-run';
import type { PlanningPlace } from '../planning/predict-run';
import { bytesOf, sum } from '../planning/run-work';
import type { RunBytes, RunWork } from '../planning/run-work';
import { hashSourceTask } from '../steps/hash-source';
import { driftSpec } from '../steps/planned-keys';
import type { TaskContext } from '../task-context';
import { previewLayer } from './preview-layer';
import type { LayerPreview } from './preview-layer';
import { previewPair } from './preview-pair';
import type { PairPreview } from './preview-pair';
import { runState } from './run-state';
import type { RunStateNow } from './run-state';
import { lookInto } from './stored-records';

export interface PreviewInput {
  readonly runId: string;
  readonly spec: RunSpec;
  /** Where it would be carried out. */
  readonly place: PlanningPlace;
}

/** What a run would do; field names as in the JSON of `plan`. */
export interface RunPreview {
  readonly run: RunStateNow;
  readonly layers: readonly LayerPreview[];
  readonly pairs: readonly PairPreview[];
  /** Where the run is compared with a previous checkpoint: its layers, and their matches with those of the run. */
  readonly previous?: { readonly layers: readonly LayerPreview[]; readonly pairs: readonly PairPreview[] };
  readonly totals: Totals;
  /** Null where it is not known how fast the device is. */
  readonly prediction: Prediction | null;
  /** Pairs that would be matched and cannot be within the memory budget. */
  readonly misfits: readonly Misfit[];
}

export interface Totals extends RunBytes {
  /** Multiply-adds of one pass over all pairs of features, for the pairs that are matched: the least there is to do. */
  readonly multiply_adds: number;
  /** Bytes that the largest of these matches takes, vectors included; null when none is matched. */
  readonly match_memory: { readonly least: number; readonly most: number } | null;
}

/** Says what a run would use from the store and what it would do, and why; writes nothing. */
export async function previewRunTask({ runId, spec, place }: PreviewInput, context: TaskContext): Promise<RunPreview> {
  const plan = await hashSourceTask({ spec }, context);
  const content = await lookInto(openStore(spec.out));
  const total = plan.layers.length + plan.pairs.length + (plan.previous ?? []).length;
  const layers: LayerPreview[] = [];
  const pairs: PairPreview[] = [];
  const earlier = new Map((plan.previous ?? []).map((layer) => [layer.layer, layer]));
  const previous = { layers: [] as LayerPreview[], pairs: [] as PairPreview[] };
  const report = (): void => {
    context.throwIfCancelled();
    context.onProgress({
      phase: 'verifying',
      done: layers.length + pairs.length + previous.layers.length,
      total,
      gap: null,
    });
  };
  for (const layer of plan.layers) {
    report();
    layers.push(await previewLayer(content, spec, layer));
  }
  const layerOf = new Map(plan.layers.map((layer) => [layer.layer, layer]));
  for (const [source, target] of plan.pairs) {
    report();
    pairs.push(await previewPair(content, spec, layerOf.get(source)!, layerOf.get(target)!));
  }
  for (const [number, layer] of earlier) {
    report();
    previous.layers.push(await previewLayer(content, spec, layer));
    previous.pairs.push(await previewPair(content, driftSpec(spec), layer, layerOf.get(number)!));
  }
  const run = await runState(content.store, runId, plan.layers);
  const work = workLeft(spec, plan, { layers: [...layers, ...previous.layers], pairs, drift: previous.pairs });
  return {
    ...{ run, layers, pairs, ...(plan.previous !== undefined && { previous }) },
    totals: totalsOf(work, place),
    prediction: predictRun(work, place),
    misfits: misfits(work.matches, place),
  };
}

interface Previews {
  readonly layers: readonly LayerPreview[];
  readonly pairs: readonly PairPreview[];
  readonly drift: readonly PairPreview[];
}

/** What is not in the store, or not usable there. */
function workLeft(spec: RunSpec, plan: RunPlan, { layers, pairs, drift }: Previews): RunWork {
  const earlier = plan.previous ?? [];
  const all = [...plan.layers, ...earlier];
  const layerOf = (some: readonly LayerPlan[], layer: number): LayerPlan =>
    some.find((candidate) => candidate.layer === layer)!;
  const planned = [
    ...pairs.map((pair) => ({ pair, source: layerOf(plan.layers, pair.source) })),
    ...drift.map((pair) => ({ pair, source: layerOf(earlier, pair.source) })),
  ].map(({ pair, source }) => ({ state: pair.state, source, target: layerOf(plan.layers, pair.target) }));
  return {
    ...{ spec, layers: all, folds: all.filter((_, index) => isFolded(layers[index]!)) },
    matches: planned.filter(({ state }) => state !== 'cached' && state !== 'failed'),
    published: planned.filter(({ state }) => state !== 'failed'),
  };
}

const isFolded = ({ state }: LayerPreview): boolean => state === 'fold' || state === 'damaged';

function totalsOf(work: RunWork, place: MatchPlace): Totals {
  const works = work.matches.map((pair) => workOf(pair, place));
  const largest = (key: 'least' | 'most'): number => Math.max(...works.map(({ memory }) => memory[key]));
  return {
    ...bytesOf(work),
    multiply_adds: sum(works, ({ multiplyAdds }) => multiplyAdds),
    match_memory: works.length === 0 ? null : { least: largest('least'), most: largest('most') },
  };
}
