import { availableParallelism } from 'node:os';
import { openStore } from '../../artifacts/store/open-store';
import { memoryRange } from '../../matching/engine/plan';
import type { LayerPlan, RunSpec } from '../../workflows/run-types';
import { hashSourceTask } from '../steps/hash-source';
import { driftSpec } from '../steps/planned-keys';
import type { TaskContext } from '../task-context';
import { createTileThreads } from '../tiles/tile-threads';
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
}

/** What a run would do; field names as in the JSON of `plan`. */
export interface RunPreview {
  readonly run: RunStateNow;
  readonly layers: readonly LayerPreview[];
  readonly pairs: readonly PairPreview[];
  /** Where the run is compared with a previous checkpoint: its layers, and their matches with those of the run. */
  readonly previous?: { readonly layers: readonly LayerPreview[]; readonly pairs: readonly PairPreview[] };
  readonly totals: Totals;
}

export interface Totals {
  /** Bytes of the files of the layers that are folded. */
  readonly read_bytes: number;
  /** Multiply-adds of one pass over all pairs of features, for the pairs that are matched: the least there is to do. */
  readonly multiply_adds: number;
  /** Bytes that the largest of these matches takes on the processor, vectors included; null when none is matched. */
  readonly match_memory: { readonly least: number; readonly most: number } | null;
}

/** Says what a run would use from the store and what it would do, and why; writes nothing. */
export async function previewRunTask({ runId, spec }: PreviewInput, context: TaskContext): Promise<RunPreview> {
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
  const sizes = [...sizesOf(pairs, layerOf, layerOf), ...sizesOf(previous.pairs, earlier, layerOf)];
  const totals = totalsOf([...layers, ...previous.layers], sizes);
  return { run, layers, pairs, ...(plan.previous !== undefined && { previous }), totals };
}

type Size = Parameters<typeof memoryRange>[0];

/** Sizes of the pairs that are matched. */
function sizesOf(
  pairs: readonly PairPreview[],
  sources: ReadonlyMap<number, LayerPlan>,
  targets: ReadonlyMap<number, LayerPlan>
): Size[] {
  return pairs
    .filter(({ state }) => state === 'match' || state === 'resume' || state === 'damaged')
    .map(({ source, target }) => {
      const [a, b] = [sources.get(source)!, targets.get(target)!];
      return { rows: a.features, columns: b.features, width: a.elements };
    });
}

function totalsOf(layers: readonly LayerPreview[], sizes: readonly Size[]): Totals {
  const memory = sizes.map(memoryOf);
  return {
    read_bytes: layers
      .filter(({ state }) => state === 'fold' || state === 'damaged')
      .reduce((sum, { bytes }) => sum + bytes, 0),
    multiply_adds: sizes.reduce((sum, { rows, columns, width }) => sum + rows * columns * width, 0),
    match_memory:
      memory.length === 0
        ? null
        : {
            least: Math.max(...memory.map(({ least }) => least)),
            most: Math.max(...memory.map(({ most }) => most)),
          },
  };
}

function memoryOf(size: Size): ReturnType<typeof memoryRange> {
  const { rows, columns, width } = size;
  const tiles = createTileThreads({ device: 'cpu', threads: availableParallelism() });
  const { least, most } = memoryRange(size, tiles.devicesFor(rows, columns, width)[0]!);
  const vectors = (rows + columns) * width * Float32Array.BYTES_PER_ELEMENT;
  return { least: vectors + least, most: vectors + most };
}
