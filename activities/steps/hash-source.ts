import { InputError } from '../../matching/errors';
import { bytesOf } from '../../sae/catalogue-entry';
import type { CatalogueEntry } from '../../sae/catalogue-entry';
import { hashInputs } from '../../sae/hash-inputs';
import type { HashOptions } from '../../sae/hash-inputs';
import type { LayerPlan, RunPlan, RunSpec } from '../../workflows/run-types';
import { reportTransfer } from '../task-context';
import type { TaskContext } from '../task-context';
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
      layers.push({ ...layer, files: await hashInputs(source, entry, hashOptions(entry, context)) });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      layers.push({ ...layer, files: [], failure: readFailure(layer.layer, error) });
    }
  }
  return { layers, pairs: plan.pairs };
}

/** How inputs are fixed before any is read. */
export function hashOptions(entry: CatalogueEntry, context: TaskContext): HashOptions {
  const onTransfer = reportTransfer(context, bytesOf(entry));
  return { trustPlace: true, onProgress: context.throwIfCancelled, onTransfer };
}
