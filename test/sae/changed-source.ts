import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CanonicalSae } from '../../sae/canonical';
import { listSaes } from '../../sae/catalogue';
import { loadSae } from '../../sae/load-sae';
import { editableTensors, ITEM_BYTES } from './editable-tensors';
import { writeElement } from './elements';
import { memorySource } from './memory-source';

const FIXTURES = join(__dirname, '..', 'fixtures');

/** How the files whose paths end like this are changed. */
export type Changes = Readonly<Record<string, (bytes: Buffer) => Buffer | string | Promise<Buffer>>>;

/** The one SAE of a folder of the fixtures, with some of its files changed. */
export async function loadChanged(folder: string, changes: Changes): Promise<CanonicalSae> {
  const root = join(FIXTURES, folder);
  const files = new Map<string, Buffer>();
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const change = Object.entries(changes).find(([ending]) => path.endsWith(ending))?.[1];
    const bytes = readFileSync(path);
    files.set(path.slice(root.length + 1), change === undefined ? bytes : Buffer.from(await change(bytes)));
  }
  const source = memorySource(files, root);
  const [entry] = await listSaes(source);
  return loadSae(source, entry!);
}

/** Sets fields of a configuration. */
export const withFields =
  (fields: Readonly<Record<string, unknown>>) =>
  (bytes: Buffer): string =>
    JSON.stringify({ ...(JSON.parse(bytes.toString()) as object), ...fields });

/** Sets elements of a tensor, in their order from the `first` on. */
export const withElements =
  (name: string, values: readonly number[], first = 0) =>
  async (bytes: Buffer): Promise<Buffer> => {
    const { tensors, encode } = await editableTensors(bytes);
    const tensor = tensors.find((candidate) => candidate.name === name)!;
    values.forEach((value, n) => {
      writeElement(tensor, tensor.offset + (first + n) * ITEM_BYTES[tensor.type], value);
    });
    return encode();
  };
