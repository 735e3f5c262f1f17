import { getRecord, putRecord } from '../../artifacts/record';
import type { ObjectStore, StoredObject } from '../../artifacts/store/object-store';
import { decodeActivations } from '../../artifacts/tables/activations';
import type { LayerRow } from '../../artifacts/tables/layers';
import { areIntact, getVerified } from '../../artifacts/verified';
import { ArtifactCorruptError } from '../../matching/errors';
import type { FeatureActivations } from '../../matching/evaluation/activations/feature-activations';
import { layerObject } from './keys';

/** What is known of a layer; written after its activations, so that where it exists they are complete. */
export interface MeasuredLayer {
  readonly row: LayerRow;
  /** Activations of its features, stretch by stretch of tokens; none without hidden states. */
  readonly stretches: readonly StoredStretch[];
}

export interface StoredStretch {
  readonly firstToken: number;
  readonly tokens: number;
  readonly file: StoredObject;
}

export async function writeMeasured(store: ObjectStore, key: string, measured: MeasuredLayer): Promise<void> {
  await putRecord(store, layerObject(key), measured);
}

/** Null when there is none, or it is damaged, or activations of it are. */
export async function findMeasured(store: ObjectStore, key: string): Promise<MeasuredLayer | null> {
  const measured = await getRecord<MeasuredLayer>(store, layerObject(key));
  const files = measured?.stretches.map(({ file }) => file) ?? [];
  return (await areIntact(store, files)) ? measured : null;
}

/** @throws ArtifactCorruptError when it is gone or unreadable */
export async function requireMeasured(store: ObjectStore, key: string): Promise<MeasuredLayer> {
  const measured = await getRecord<MeasuredLayer>(store, layerObject(key));
  if (measured !== null) return measured;
  throw new ArtifactCorruptError('the figures of a layer are gone', {
    file: store.url(layerObject(key)),
    remedy: 'Evaluate the run again: they will be computed again.',
  });
}

/** @throws ArtifactCorruptError when they are gone or not what was stored */
export async function readStretch(
  store: ObjectStore,
  { file, firstToken, tokens }: StoredStretch,
  features: number
): Promise<FeatureActivations> {
  return decodeActivations(await getVerified(store, file), { firstToken, tokens, features }, store.url(file.key));
}
