import { writeKeyRecord } from '../../artifacts/key-record';
import { putOnce } from '../../artifacts/put-once';
import { putRecord } from '../../artifacts/record';
import { openStore } from '../../artifacts/store/open-store';
import { encodeDescriptions } from '../../artifacts/tables/descriptions';
import { findDescriptions } from '../../sae/descriptions/find-descriptions';
import { readDescriptions } from '../../sae/descriptions/read-descriptions';
import { hashInputs } from '../../sae/hash-inputs';
import type { DescribedRef, DescribeInput } from '../../workflows/judgement-types';
import { hashOptions } from '../steps/hash-options';
import { keyOf } from '../steps/keys';
import { READING } from '../task-context';
import type { TaskContext } from '../task-context';
import { findDescribed } from './described-layer';
import type { DescribedLayer } from './described-layer';
import { descriptionsIngredients, descriptionsObject } from './keys';

/**
 * Reads the descriptions of a layer and stores one of each feature, or finds that this was done before.
 *
 * @throws InputError as `findDescriptions` and `readDescriptions` do
 */
export async function describeLayerTask(input: DescribeInput, context: TaskContext): Promise<DescribedRef> {
  const { out, layer, location, explainers } = input;
  const store = openStore(out);
  context.onProgress(READING);
  const found = await findDescriptions(location, layer.layer);
  const files = await hashInputs(found.source, found, hashOptions(found, context));
  const made = descriptionsIngredients(
    files.map(({ sha256 }) => sha256),
    layer.features,
    explainers
  );
  const key = keyOf(made);
  const stored = await findDescribed(store, key);
  if (stored !== null) return refOf(input, key, stored, true);

  const { descriptions, described, several, empty } = await readDescriptions(found, layer, explainers, () => {
    context.throwIfCancelled();
  });
  await writeKeyRecord(store, 'descriptions', made);
  const table = encodeDescriptions(descriptions, { inputs: made.inputs, options: {} });
  const record: DescribedLayer = {
    ...{ files, features: layer.features, described, several, empty },
    table: await putOnce(store, descriptionsObject(key, 'descriptions.parquet'), table),
  };
  await putRecord(store, descriptionsObject(key), record);
  return refOf(input, key, record, false);
}

const refOf = (
  { layer }: DescribeInput,
  key: string,
  { described, files }: DescribedLayer,
  cached: boolean
): DescribedRef => ({ ...layer, key, described, files: files.length, cached });
