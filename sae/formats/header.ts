import type { SaeHeader } from '../canonical';
import type { SaeLocation } from '../catalogue-entry';
import { CONFIGURATION } from './format';
import { dtypeNotes } from './tensor-checks';
import type { SaeTensors } from './tensor-checks';

/** What a reader knows beside the tensors. */
export type HeaderFacts = Pick<SaeHeader, 'format' | 'hook' | 'activation' | 'gauge'> &
  Partial<Pick<SaeHeader, 'k' | 'inputNorm' | 'notes'>>;

/** The header of an SAE whose tensors have been checked. */
export function headerOf(location: SaeLocation, tensors: SaeTensors, facts: HeaderFacts): SaeHeader {
  const { format, hook, activation, gauge, k = null, inputNorm = 'none', notes = [] } = facts;
  const weights = location.files.filter(({ path }) => !CONFIGURATION.test(path));
  return {
    ...{ format, path: location.path, layer: location.layer, hook },
    ...{ features: tensors.features, dIn: tensors.dIn, dOut: tensors.dOut, dtype: tensors.decoder.dtype },
    ...{ activation, k, gauge, inputNorm },
    bytes: weights.reduce((sum, { bytes }) => sum + bytes, 0),
    notes: [...dtypeNotes(tensors), ...notes],
  };
}
