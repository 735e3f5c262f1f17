import { InputError } from '../../matching/errors';
import { hashInputs } from '../../sae/hash-inputs';
import { hashExport } from '../../sae/scale/export-files';
import { isScaleWord, scaleOfLayer } from '../../sae/scale/scale-choice';
import type { SaeSource } from '../../sae/sources/source';
import type { LayerPlan, PlannedScale } from '../../workflows/run-types';
import type { TaskContext } from '../task-context';
import { hashOptions } from './hash-options';
import { readFailure } from './resolve-run';
import type { UnhashedPlan } from './resolve-run';

/** Fixes every file of a layer by its SHA-256. What cannot be read is a failure of the layer. */
export async function hashLayer(
  source: SaeSource,
  { entry, ...layer }: UnhashedPlan['layers'][number],
  scale: string | undefined,
  context: TaskContext
): Promise<LayerPlan> {
  if (layer.failure !== null) return { ...layer, files: [] };
  try {
    const files = await hashInputs(source, entry, hashOptions(entry, context));
    const planned = await planScale(scale, layer.layer, context);
    return { ...layer, files, ...(planned !== null && { scale: planned }) };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { ...layer, files: [], failure: readFailure(layer.layer, error) };
  }
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
