import { sliceOf } from '../containers/slice';
import type { StoredTensor, TensorFile } from '../containers/tensor';
import { findTensor, requireSaeTensors, requireShape, requireTensor, shapeMismatch } from './tensor-checks';
import type { SaeTensors, TensorNames } from './tensor-checks';

/**
 * The tensors of a crosscoder. It has n sites, each with an encoder and a decoder of its own, and one set of features:
 * f = act(Σ_i W_enc[i]·x_i + b_enc), x̂_i = W_dec[i]·f + b_dec[i].
 */
export interface CrosscoderTensors {
  readonly sites: number;
  readonly features: number;
  /** The decoder of one site. `[features, d_model]` */
  readonly decoderOf: (site: number) => StoredTensor;
  /** The tensors of one site, as those of an SAE; the encoder's bias is the one that all sites share. */
  readonly of: (site: number) => SaeTensors;
}

/**
 * What a format calls its tensors and where it counts the sites: the encoder is `[sites, d_model, features]`, the
 * decoders' biases `[sites, d_model]`.
 */
export interface CrosscoderLayout {
  readonly names: Readonly<Record<keyof TensorNames, string>>;
  /** Axis of the decoder that counts the sites: 0 for `[sites, features, d_model]`, 1 for `[features, sites, d_model]`. */
  readonly decoderSiteAxis: 0 | 1;
  /** Maps names in the file to those; identity when absent. */
  readonly rename?: (name: string) => string;
}

/** More sites than any model has layers: a file that claims so many is no crosscoder. */
const MOST_SITES = 1024;
const EXPECTED = `sites x d_model x features, of at most ${MOST_SITES} sites`;

/** Whether a tensor of this name is there and has the axes that only a crosscoder's matrices have. */
export function hasSites(file: TensorFile, name: string, rename?: (name: string) => string): boolean {
  return findTensor(file, name, rename)?.shape.length === 3;
}

/** The number of sites for finding SAEs, which must not fail: 1 where it cannot be told. */
export function siteCount(file: TensorFile | null, { names, rename }: CrosscoderLayout): number {
  const encoder = file === null ? undefined : findTensor(file, names.encoder, rename);
  return encoder !== undefined && isEncoder(encoder) ? encoder.shape[0]! : 1;
}

/** Checks all tensors of a crosscoder against each other. @throws InputError */
export function requireCrosscoder(file: TensorFile, layout: CrosscoderLayout): CrosscoderTensors {
  const { names, decoderSiteAxis, rename } = layout;
  const encoder = requireTensor(file, names.encoder, rename);
  if (!isEncoder(encoder)) throw shapeMismatch(encoder, EXPECTED);
  const [sites, width, features] = encoder.shape as [number, number, number];
  const byFeature = decoderSiteAxis === 1 ? [features, sites, width] : [sites, features, width];
  const decoder = requireShape(requireTensor(file, names.decoder, rename), byFeature);
  const decoderBias = requireShape(requireTensor(file, names.decoderBias, rename), [sites, width]);
  const encoderBias = requireShape(requireTensor(file, names.encoderBias, rename), [features]);
  const decoderOf = (site: number): StoredTensor => sliceOf(decoder, site, decoderSiteAxis);
  const of = (site: number): SaeTensors => {
    const tensors = new Map([
      ['W_enc', sliceOf(encoder, site, 0)],
      ['b_enc', encoderBias],
      ['W_dec', decoderOf(site)],
      ['b_dec', sliceOf(decoderBias, site, 0)],
    ]);
    return requireSaeTensors({ ...file, tensors }, { encoderFeatureAxis: 1 });
  };
  return { sites, features, decoderOf, of };
}

function isEncoder({ shape }: StoredTensor): boolean {
  return shape.length === 3 && shape.every((size) => size > 0) && shape[0]! <= MOST_SITES;
}
