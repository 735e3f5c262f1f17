import { InputError } from '../../matching/errors';
import { hashInputs } from '../../sae/hash-inputs';
import { hashExport } from '../../sae/scale/export-files';
import { isScaleWord, scaleOfLayer } from '../../sae/scale/scale-choice';
import type { LayerPlan, PlannedScale, RunPlan, RunSpec } from '../../workflows/run-types';
import type { TaskContext } from '../task-context';
import { hashOptions } from './hash-options';
import { planRun, readFailure } from './resolve-run';

export interface HashSourceInput {
  readonly spec: RunSpec;
}

/** Plans a run and fixes every file of every layer by its SHA-256. */
export async function hashSourceTask({ spec }: HashSourceInput, context: TaskContext): Promise<RunPlan> {
  const { source, ...plan } = await planRun(spec);
  const layers: LayerPlan[] = [];
  for (const { entry, ...layer } of plan.layers) {
    context.throwIfCancelled();
    context.onProgress({ phase: 'hashing', done: layers.length, total: plan.layers.length, gap: null });
    if (layer.failure !== null) {
      layers.push({ ...layer, files: [] });
      continue;
    }
    try {
      const files = await hashInputs(source, entry, hashOptions(entry, context));
      const scale = await planScale(spec.scale, layer.layer, context);
      layers.push({ ...layer, files, ...(scale !== null && { scale }) });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      layers.push({ ...layer, files: [], failure: readFailure(layer.layer, error) });
    }
  }
  return { layers, pairs: plan.pairs };
}

/** Fixes the export that a scale is read from; null where it is read from none. */
async function planScale(
  scale: string | undefined,
  layer: number | null,
  context: TaskContext
): Promise<PlannedScale | null> {
  if (scale === undefined || isScaleWord(scale)) return null;
  const location = scaleOfLayer(scale, layer);
  return { location, files: await hashExport(location, context.throwIfCancelled) };
}
