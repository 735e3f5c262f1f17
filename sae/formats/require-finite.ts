import { InputError } from '../../matching/errors';
import type { FloatArray } from '../../matching/row-matrix';
import type { CanonicalSae } from '../canonical';
import { allFinite } from '../containers/decode-floats';

/**
 * Scales, exponentials and sums of numbers that are all finite may leave the range of float64.
 *
 * @throws InputError when a number of the SAE is infinite or undefined
 */
export function requireFinite(sae: CanonicalSae, file: string): void {
  const { encoder, encoderBias, decoder, decoderBias, threshold, selectScale, skip } = sae;
  const parts: Readonly<Record<string, readonly FloatArray[]>> = {
    W_enc: scaled(encoder.blocks),
    b_enc: [encoderBias],
    W_dec: scaled(decoder.blocks),
    b_dec: [decoderBias],
    threshold: threshold === null ? [] : [threshold],
    'decoder norm': selectScale === null ? [] : [selectScale],
    W_skip: scaled(skip?.blocks ?? []),
  };
  for (const [field, arrays] of Object.entries(parts)) {
    for (const array of arrays) {
      if (allFinite(array)) continue;
      const bad = array.findIndex((value) => !Number.isFinite(value));
      throw new InputError('a weight in raw units is not finite', {
        ...{ file, field, found: `${array[bad]} at element ${bad}`, expected: 'finite numbers only' },
        remedy: 'The numbers of this SAE, or the scales of its configuration, are too large or too small to be right.',
      });
    }
  }
}

/** What is float32 was read as it is stored, and was checked then. */
function scaled(blocks: readonly FloatArray[]): readonly FloatArray[] {
  return blocks.filter((block) => block instanceof Float64Array);
}
