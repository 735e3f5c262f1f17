import { InputError } from '../matching/errors';
import { rowsFromArray } from '../matching/row-matrix';
import type { FloatArray } from '../matching/row-matrix';
import type { Gauge } from '../sae/canonical';
import type { Sae } from './sae';

/** The weights of an SAE in arrays, row-major, one row a feature: float32 or float64, in raw activation units. */
export interface SaeArrays {
  /** W_enc `[features, d_in]`. */
  readonly encoder: FloatArray;
  /** b_enc `[features]`; its length is the number of features. */
  readonly encoderBias: FloatArray;
  /** W_dec `[features, d_out]`. */
  readonly decoder: FloatArray;
  /** b_dec `[d_out]`; takes no part in a matching. Default: 0. */
  readonly decoderBias?: FloatArray;
  /** JumpReLU threshold θ `[features]`, which is folded. Default: an SAE without thresholds, folded by its decoder norms. */
  readonly threshold?: FloatArray;
  /** Scale of the activations `[features]`, folded in the place of θ where there is no threshold. */
  readonly scale?: FloatArray;
  readonly layer?: number;
  /** Name of the hook point; SAEs of different kinds of hook point are not matched. */
  readonly hook?: string;
  /** Named in errors and results. Default: `arrays`. */
  readonly name?: string;
}

/**
 * An SAE from arrays, for weights that are in memory already. The arrays are not copied.
 *
 * @throws InputError when the lengths do not fit each other, a number is not finite, or both `threshold` and `scale` are given
 *
 * @example
 * ```ts
 * import { createSae } from 'sae-match';
 *
 * const sae = createSae({
 *   encoder: new Float32Array([1, 0, 0, 0, 1, 0]), // two features of three dimensions
 *   encoderBias: new Float32Array(2),
 *   decoder: new Float32Array([2, 0, 0, 0, 2, 0]),
 *   threshold: new Float32Array([0.5, 0.25]),
 * });
 * console.log(sae.header.features, sae.header.dIn, sae.header.gauge);
 * // 2 3 theta
 * ```
 */
export function createSae(arrays: SaeArrays): Sae {
  const { encoder, encoderBias, decoder, threshold, scale, name = 'arrays' } = arrays;
  const features = encoderBias.length;
  const [dIn, dOut] = [columns('encoder', encoder, features, name), columns('decoder', decoder, features, name)];
  if (threshold !== undefined && scale !== undefined) {
    throw new InputError('an SAE with thresholds is folded by them', {
      ...{ file: name, field: 'scale', found: 'threshold and scale', expected: 'one of them' },
    });
  }
  const decoderBias = vector('decoderBias', arrays.decoderBias ?? new Float64Array(dOut), dOut, name);
  const gauge: Gauge = threshold !== undefined ? 'theta' : scale !== undefined ? 'given' : 'decoder_norm';
  return {
    ...{ name, files: [], scaledBy: null },
    header: {
      ...{ format: 'arrays', path: '.', layer: arrays.layer ?? null, hook: arrays.hook ?? null, features, dIn, dOut },
      ...{ dtype: decoder instanceof Float32Array ? 'float32' : 'float64', gauge, inputNorm: 'none', k: null },
      activation: threshold === undefined ? 'relu' : 'jumprelu',
      bytes: encoder.byteLength + encoderBias.byteLength + decoder.byteLength,
      notes: [],
    },
    encoder: rowsFromArray(encoder, features, dIn),
    encoderBias: vector('encoderBias', encoderBias, features, name),
    decoder: rowsFromArray(decoder, features, dOut),
    decoderBias,
    threshold: vector('threshold', threshold ?? new Float64Array(features), features, name),
    ...(scale !== undefined && { scale: vector('scale', scale, features, name) }),
    selectScale: null,
    skip: null,
  };
}

/** Elements of a row. */
function columns(field: string, matrix: FloatArray, features: number, file: string): number {
  const width = matrix.length / features;
  if (Number.isInteger(width) && width > 0) {
    checkFinite(field, matrix, file);
    return width;
  }
  throw new InputError('a matrix does not have a row for each feature', {
    ...{ file, field, found: `${matrix.length} elements for ${features} features` },
    expected: 'features × dimensions elements, as many features as encoderBias has elements',
  });
}

function vector(field: string, values: FloatArray, length: number, file: string): Float64Array {
  if (values.length !== length) {
    throw new InputError('a vector has the wrong length', {
      ...{ file, field, found: `${values.length} elements`, expected: `${length}` },
    });
  }
  checkFinite(field, values, file);
  return Float64Array.from(values);
}

function checkFinite(field: string, values: FloatArray, file: string): void {
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  throw new InputError('a number is not finite', {
    ...{ file, field, found: `${values[bad]!} at element ${bad}`, expected: 'finite numbers only' },
  });
}
