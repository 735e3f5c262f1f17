import { InputError } from '../../matching/errors';
import { readVector } from '../containers/read-tensor';
import type { TensorFile } from '../containers/tensor';

const NAMES = ['scaling_factor', 'finetuning_scaling_factor'];

/**
 * Some old finetuned SAEs multiply each activation by a factor of its own. Files that were never finetuned hold ones,
 * which change nothing.
 *
 * @throws InputError when a factor is not 1.
 */
export async function requireNoScaling(file: TensorFile, features: number): Promise<void> {
  for (const name of NAMES) {
    const tensor = file.tensors.get(name);
    if (tensor === undefined) continue;
    const values = await readVector(tensor, features);
    const other = values.findIndex((value) => value !== 1);
    if (other < 0) continue;
    throw new InputError('an SAE finetuned with scaling factors is not supported by this version', {
      file: file.name,
      field: name,
      found: `${values[other]} at feature ${other}`,
      expected: 'all ones',
    });
  }
}
