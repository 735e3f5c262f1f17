import { InputError } from '../../matching/errors';
import { hashInputs } from '../../sae/hash-inputs';
import { openSource } from '../../sae/sources/open-source';
import type { LayerPlan, RunPlan, RunSpec } from '../../workflows/run-types';
import type { TaskContext } from '../task-context';
import { planRun, readFailure } from './resolve-run';

export interface HashSourceInput {
  readonly spec: RunSpec;
}

/** Plans a run and fixes every file of every layer by its SHA-256. */
export async function hashSourceTask({ spec }: HashSourceInput, context: TaskContext): Promise<RunPlan> {
  const plan = await planRun(spec);
  const source = await openSource(spec.source);
  const layers: LayerPlan[] = [];
  for (const { entry, ...layer } of plan.layers) {
    context.throwIfCancelled();
    context.onProgress({ phase: 'hashing', done: layers.length, total: plan.layers.length, gap: null });
    if (layer.failure !== null) {
      layers.push({ ...layer, files: [] });
      continue;
    }
    try {
      layers.push({ ...layer, files: await hashInputs(source, entry, { onProgress: context.throwIfCancelled }) });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      layers.push({ ...layer, files: [], failure: readFailure(layer.layer, error) });
    }
  }
  return { layers, pairs: plan.pairs };
}
