import { InputError } from '../matching/errors';
import type { FoldOptions } from '../matching/folding';
import type { CanonicalSae } from './canonical';
import { encodeCanonical, foldSae } from './canonical-file';
import type { CanonicalTensors } from './canonical-file';
import { encodeSaelens } from './saelens-folder';

/** File sets that an SAE can be converted to. */
export const CONVERSIONS = ['canonical', 'saelens'] as const;
export type Conversion = (typeof CONVERSIONS)[number];

/** A file relative to the SAE's folder. */
export interface ConvertedFile {
  readonly name: string;
  readonly chunks: readonly Uint8Array[];
}

export interface ConvertOptions extends Pick<FoldOptions, 'fold' | 'degenerate'> {
  readonly to: Conversion;
  /** Named in errors. */
  readonly file: string;
}

/**
 * The files of an SAE in another format, in raw units or folded: what it computes stays the same, but for features that
 * cannot be folded, which become zero rows.
 *
 * @throws InputError when the format cannot express the SAE, as none can one site of a crosscoder; when a value does not
 * fit float32, or too little can be folded
 */
export function convertSae(
  sae: CanonicalSae,
  { to, fold, degenerate, file }: ConvertOptions
): readonly ConvertedFile[] {
  if (sae.jointEncoder === true) {
    throw new InputError('one site of a crosscoder is no SAE that can be written alone', {
      ...{ file, field: 'encoder' },
      found: 'features that the encoders of several sites decide together',
      expected: 'an SAE whose own encoder decides its features',
      remedy: 'Match it as it is: pair, run and inspect read it.',
    });
  }
  const tensors: CanonicalTensors = fold
    ? foldSae(sae, { degenerate, file, reuse: true }).tensors
    : { ...sae, excluded: null };
  if (to === 'canonical') {
    return [{ name: 'sae.safetensors', chunks: encodeCanonical(tensors, sae.header).chunks }];
  }
  return encodeSaelens(tensors, sae.header, (field, found, expected) => {
    const remedy = 'Convert it to canonical.';
    return new InputError('SAELens has no such SAE', { file, field, found, expected, remedy });
  });
}
