import { readVector } from '../containers/read-tensor';
import type { TensorFile } from '../containers/tensor';
import type { Conventions } from './assemble';
import { requireShape, requireTensor } from './tensor-checks';

/**
 * A gated SAE as a JumpReLU one. A feature is active where w·x + b_gate > 0, and its activation is
 * relu(e^r·(w·x) + b_mag). With encoder row e^r·w and bias b_mag that is JumpReLU with θ = b_mag − e^r·b_gate.
 */
export async function readGates(
  file: TensorFile,
  features: number,
  names: { readonly gate: string; readonly magnitude: string; readonly rename?: (name: string) => string }
): Promise<Pick<Conventions, 'threshold' | 'encoderScale' | 'encoderBias'> & { threshold: Float64Array }> {
  const vector = (name: string): Promise<Float64Array> =>
    readVector(requireShape(requireTensor(file, name, names.rename), [features]), features);
  const encoderScale = (await vector('r_mag')).map(Math.exp);
  const gate = await vector(names.gate);
  const encoderBias = await vector(names.magnitude);
  // The magnitude is a ReLU itself, so that a threshold below 0 acts as 0.
  const threshold = encoderBias.map((bias, i) => Math.max(0, bias - encoderScale[i]! * gate[i]!));
  return { threshold, encoderScale, encoderBias };
}
