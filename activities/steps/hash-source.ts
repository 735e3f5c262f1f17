import type { LayerPlan, RunPlan, RunSpec } from '../../workflows/run-types';
import type { TaskContext } from '../task-context';
import { hashLayer } from './hash-layer';
import { planPrevious } from './plan-previous';
import { planRun } from './resolve-run';

export interface HashSourceInput {
  readonly spec: RunSpec;
}

/** Plans a run and fixes every file of every layer by its SHA-256. */
export async function hashSourceTask({ spec }: HashSourceInput, context: TaskContext): Promise<RunPlan> {
  const { source, ...plan } = await planRun(spec);
  const layers: LayerPlan[] = [];
  for (const layer of plan.layers) {
    context.throwIfCancelled();
    context.onProgress({ phase: 'hashing', done: layers.length, total: plan.layers.length, gap: null });
    layers.push(await hashLayer(source, layer, spec.scale, context));
  }
  const previous = spec.previous && (await planPrevious(spec, spec.previous, layers, context));
  return { layers, pairs: plan.pairs, ...(previous !== undefined && { previous }) };
}
