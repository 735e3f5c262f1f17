import { ALGORITHM_VERSION } from '../../artifacts/content-key';
import type { Ingredients } from '../../artifacts/content-key';
import type { KeyRecord } from '../../artifacts/key-record';
import { isComplete } from '../../artifacts/stored-artifacts';
import type { LayerPlan, RunSpec } from '../../workflows/run-types';
import { hasFolded } from '../steps/folded-artifact';
import { keyOf } from '../steps/keys';
import { layerIngredients } from '../steps/layer-keys';
import { describeLayerDifference } from './describe-difference';
import { foldFields, nearest } from './ingredient-fields';
import type { Difference } from './ingredient-fields';
import type { StoreContent } from './stored-records';

/** What a run would do about a layer; field names as in the JSON of `plan`. */
export interface LayerPreview {
  readonly layer: number;
  readonly path: string;
  readonly state: 'cached' | 'fold' | 'damaged' | 'failed';
  /** Why it is not used from the store; null when it is. */
  readonly reason: string | null;
  /** Where the nearest stored artifact differs; empty when there is none, or for other reasons. */
  readonly differences: readonly Difference[];
  /** Content key of the rows that are matched; null when the layer cannot be read. */
  readonly key: string | null;
  /** Bytes of the files that its SAE is read from. */
  readonly bytes: number;
}

/** Looks for a layer in the store as the step that folds it does. */
export async function previewLayer(content: StoreContent, spec: RunSpec, layer: LayerPlan): Promise<LayerPreview> {
  const { path, files, failure } = layer;
  const common = { layer: layer.layer, path, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0), differences: [] };
  if (failure !== null) return { ...common, state: 'failed', reason: failure.message, key: null };
  const { rows, folded } = layerIngredients(spec, layer);
  const key = keyOf(rows);
  for (const made of spec.fold ? [rows] : [rows, folded]) {
    const stored = content.find('folded', keyOf(made));
    if (stored === undefined || !isComplete(stored)) {
      return { ...common, key, state: 'fold', ...(await whyFold(content, made, layer)) };
    }
    if (!(await hasFolded(content.store, keyOf(made)))) {
      return { ...common, key, state: 'damaged', reason: 'the stored layer is damaged and is folded again' };
    }
  }
  return { ...common, key, state: 'cached', reason: null };
}

async function whyFold(
  content: StoreContent,
  made: Ingredients,
  layer: LayerPlan
): Promise<Pick<LayerPreview, 'reason' | 'differences'>> {
  const { known, areAllKnown } = await content.records('folded');
  const ofLayer = [...known.values()].filter(({ inputs }) => (inputs as { layer?: number }).layer === layer.layer);
  const found = nearest(ofLayer.map(foldFields), foldFields(recordOf(made)));
  if (found === null) {
    return { reason: `nothing is ${areAllKnown ? '' : 'known to be '}stored for this layer`, differences: [] };
  }
  return {
    reason: found.map((difference) => describeLayerDifference(difference, layer)).join('; '),
    differences: found,
  };
}

/** What would be written beside an artifact. */
export function recordOf({ kind, inputs }: Ingredients): KeyRecord {
  return { algorithm: ALGORITHM_VERSION, kind, inputs: inputs as KeyRecord['inputs'] };
}
