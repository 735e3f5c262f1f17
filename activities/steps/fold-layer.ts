import { writeKeyRecord } from '../../artifacts/key-record';
import { openStore } from '../../artifacts/store/open-store';
import { InputError } from '../../matching/errors';
import { foldLayer } from '../../matching/folding';
import { foldSae } from '../../sae/canonical-file';
import type { FoldInput } from '../../workflows/activity-types';
import type { FoldedRef } from '../../workflows/run-types';
import { READING, WRITING } from '../task-context';
import type { TaskContext } from '../task-context';
import { hasFolded, writeFolded } from './folded-artifact';
import { inputHashes } from './input-hashes';
import { layerIngredients, layerKeys } from './layer-keys';
import { loadLayer } from './load-layer';

/**
 * Reads one layer's SAE and stores the rows that are matched, and the folded rows for the paper's metric where those
 * are others. Does nothing when both are in the store.
 */
export async function foldLayerTask({ spec, layer }: FoldInput, context: TaskContext): Promise<FoldedRef> {
  const store = openStore(spec.out);
  const made = layerIngredients(spec, layer);
  const { rows, folded } = layerKeys(spec, layer);
  const ref = {
    layer: layer.layer,
    features: layer.features,
    elements: layer.elements,
    rows,
    inputs: inputHashes(layer),
  };
  if ((await hasFolded(store, rows)) && (rows === folded || (await hasFolded(store, folded))))
    return { ...ref, folded, cached: true };

  context.onProgress(READING);
  const { stored, sae } = await loadLayer(spec, layer, context);
  context.throwIfCancelled();
  context.onProgress({ phase: 'folding', done: 0, total: 1, gap: null });
  const file = `${spec.source}/${sae.header.path}`;
  // The weights are in memory once: unfolded ones are written before they are folded in their place.
  const { header } = sae;
  if (spec.fold) {
    const { tensors } = foldSae(sae, { degenerate: spec.degenerate, file, reuse: true });
    context.onProgress(WRITING);
    await writeKeyRecord(store, 'folded', made.rows);
    await writeFolded(store, rows, tensors, header, context);
    return { ...ref, folded, cached: false };
  }
  const unfolded = foldLayer(sae, { fold: false, degenerate: spec.degenerate, file, reuse: true });
  context.onProgress(WRITING);
  await writeKeyRecord(store, 'folded', made.rows);
  await writeFolded(store, rows, { ...sae, ...unfolded, excluded: null }, stored, context);
  try {
    const { tensors } = foldSae(sae, { degenerate: 'exclude', file, reuse: true });
    await writeKeyRecord(store, 'folded', made.folded);
    await writeFolded(store, folded, tensors, header, context);
    return { ...ref, folded, cached: false };
  } catch (error) {
    // Only the paper's metric needs the folded rows here, and it is null for a layer that cannot be folded.
    if (error instanceof InputError) return { ...ref, folded: null, cached: false };
    throw error;
  }
}
