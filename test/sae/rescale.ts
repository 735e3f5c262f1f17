import { readElement, writeElement } from './elements';
import { editableTensors } from './editable-tensors';
import type { EditableTensor } from './editable-tensors';

/** What happens to the elements of a tensor that belong to a feature whose activation is to be `factor` times as large. */
type Change = (value: number, factor: number) => number;
const times: Change = (value, factor) => value * factor;
const over: Change = (value, factor) => value / factor;
const plusLogarithm: Change = (value, factor) => value + Math.log(factor);

export interface Rescaling {
  /** The factor of each feature. */
  readonly factorOf: (feature: number) => number;
  /** Whether features are gated by activation times decoder norm, which a rescaling leaves as it is. */
  readonly gatesByNorm: boolean;
  readonly format: string;
  /** Whether encoders and decoders have an axis of sites. */
  readonly isCrosscoder: boolean;
  /** Whether the magnitudes of a gated SAE are rescaled, which leaves its gates as they are. */
  readonly isGated: boolean;
}

/** A file of weights in which each feature's encoder row, bias and threshold are larger by a factor, its decoder row smaller. */
export async function rescaleWeights(file: Buffer, rescaling: Rescaling): Promise<Buffer> {
  const { tensors, encode } = await editableTensors(file);
  for (const tensor of tensors) {
    const [axis, change] = roleOf(tensor, rescaling) ?? [];
    if (axis === undefined || change === undefined) continue;
    for (const index of indices(tensor.shape)) {
      const place = index.reduce((sum, at, n) => sum + at * tensor.stride[n]!, tensor.offset);
      writeElement(tensor, place, change(readElement(tensor, place), rescaling.factorOf(index[axis] ?? 0)));
    }
  }
  return encode();
}

/** The axis of the features, and what is done to them; null for what no feature has a part of. */
function roleOf({ name, shape }: EditableTensor, rescaling: Rescaling): [axis: number, change: Change] | null {
  const { format, isGated, gatesByNorm, isCrosscoder } = rescaling;
  const plain = name.replace(/^_orig_mod\./, '').replace(/_\d+$/, '');
  // Both are sites of crosscoders.
  if (isCrosscoder && /^(?:encoder\.weight|W_enc)$/.test(plain)) return [2, times];
  if (isCrosscoder && plain === 'decoder.weight') return [1, over];
  if (isCrosscoder && plain === 'threshold' && (gatesByNorm || shape.length > 0)) return null;
  if (/^(?:encoder\.weight|W_enc|w_enc|W_E)$/.test(plain)) {
    const isRows = plain === 'encoder.weight' || format === 'circuit-tracer' || format === 'canonical';
    return isGated ? null : [isRows ? 0 : 1, times];
  }
  if (/^(?:decoder\.weight|W_dec|w_dec|W_D)$/.test(plain)) return [plain === 'decoder.weight' ? 1 : 0, over];
  if (/^(?:b_enc|b_E|encoder\.bias|latent_bias|b_mag|mag_bias)$/.test(plain)) return [0, times];
  if (plain === 'r_mag') return [0, plusLogarithm];
  if (plain === 'select_scale') return [0, over];
  if (/(?:^|\.)threshold$/.test(plain)) return [0, times];
  if (/log_(?:jumprelu_)?threshold$/.test(plain)) return gatesByNorm ? null : [0, plusLogarithm];
  return null;
}

function* indices(shape: readonly number[]): Generator<number[]> {
  const [size, ...rest] = shape;
  if (size === undefined) yield [];
  else for (let at = 0; at < size; at++) for (const inner of indices(rest)) yield [at, ...inner];
}
