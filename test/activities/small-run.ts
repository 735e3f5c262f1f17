import { join } from 'node:path';
import { FileStore } from '../../artifacts/store/file-store';
import { DEFAULT_RATES } from '../../activities/planning/default-rates';
import type { PlanningPlace } from '../../activities/planning/predict-run';
import { buildChainsTask } from '../../activities/steps/build-chains';
import { countDriftTask } from '../../activities/steps/count-drift';
import { foldLayerTask } from '../../activities/steps/fold-layer';
import { hashSourceTask } from '../../activities/steps/hash-source';
import { matchLayersTask } from '../../activities/steps/match-layers';
import { driftSpec } from '../../activities/steps/planned-keys';
import { silentContext } from '../../activities/task-context';
import type { PublishInput } from '../../workflows/activity-types';
import type { DriftRef, FoldedRef, MatchRef, RunSpec } from '../../workflows/run-types';
import { randomSae, writeLayers } from '../support/random-sae';
import type { RandomSae } from '../support/random-sae';

/** Three layers of random SAEs, and the specification of a run over them. */
export function smallModel(
  folder: string,
  layers: readonly (RandomSae | Buffer)[] = [1, 2, 3].map((seed) => randomSae(seed))
): RunSpec {
  const source = join(folder, 'saes');
  writeLayers(source, layers);
  return {
    source,
    out: join(folder, 'out'),
    layers: null,
    pairs: 'adjacent',
    weights: 'decoder',
    fold: true,
    degenerate: 'exclude',
    format: null,
    allow_hook_mismatch: false,
  };
}

/** More memory than any test needs; checkpoints at every opportunity. */
const resources = { memoryBudget: 2 ** 34, slots: 1, device: 'cpu', checkpointSeconds: 0 } as const;

/** Where tests plan for. */
export const place: PlanningPlace = {
  ...{ rates: DEFAULT_RATES, from: 'default', measured: null },
  ...{ device: 'cpu', devices: 1, slots: 1, cores: 2, memoryBudget: 2 ** 34 },
};

export const storeOf = ({ out }: RunSpec): FileStore => new FileStore(out);

export async function foldAll(spec: RunSpec): Promise<FoldedRef[]> {
  const { layers } = await hashSourceTask({ spec }, silentContext);
  const folded = [];
  for (const layer of layers) folded.push(await foldLayerTask({ spec, layer }, silentContext));
  return folded;
}

export async function match(spec: RunSpec, source: FoldedRef, target: FoldedRef): Promise<MatchRef> {
  return (await matchLayersTask({ spec, source, target, resources }, silentContext)).match;
}

/** Carries out every step of a run but the last, whose input it returns. */
export async function prepareRun(spec: RunSpec, runId: string): Promise<PublishInput> {
  const plan = await hashSourceTask({ spec }, silentContext);
  const folded = await foldAll(spec);
  const steps = [];
  for (const [source, target] of plan.pairs) {
    const of = (layer: number): FoldedRef => folded.find((candidate) => candidate.layer === layer)!;
    steps.push(await match(spec, of(source), of(target)));
  }
  const layers = folded.map((ref) => ({ layer: ref.layer, folded: ref }));
  return {
    request: {
      runId,
      spec,
      execution: { memoryBudget: null, heartbeatSeconds: 6, taskQueue: 'test', maxConcurrentPairs: 1 },
    },
    plan,
    matches: steps,
    failures: [],
    composed: [],
    chains: await buildChainsTask({ spec, layers, steps }, silentContext),
    started: '2026-01-01T00:00:00.000Z',
  };
}

/** The same with what a run does about its previous checkpoint. */
export async function prepareDrift(spec: RunSpec, runId: string): Promise<PublishInput> {
  const input = await prepareRun(spec, runId);
  const asked = spec.previous!;
  const { layers, previous: earlier } = input.plan;
  const drift: DriftRef[] = [];
  for (const [index, layer] of earlier!.entries()) {
    if (layer.failure !== null) continue;
    const previous = await foldLayerTask({ spec: { ...spec, source: asked.source }, layer }, silentContext);
    const current = await foldLayerTask({ spec, layer: layers[index]! }, silentContext);
    const ref = await match(driftSpec(spec), previous, current);
    const counts = await countDriftTask({ spec, previous, current, match: ref }, silentContext);
    drift.push({ layer: layer.layer, match: ref, counts });
  }
  return { ...input, drift, failures: earlier!.flatMap(({ failure }) => failure ?? []) };
}
