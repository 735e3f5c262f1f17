import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { encodeSafetensors, floatTensor } from '../../sae/containers/safetensors-writer';
import { randomSae } from './random-sae';

/** Writes small ReLU SAEs of two layers in the project's own format; returns their paths. */
export function writeCanonical(folder: string, seed: number): string[] {
  return [0, 1].map((layer) => {
    const file = join(folder, `layer_${layer}/sae.safetensors`);
    const { W_enc, W_dec, b_enc, b_dec } = randomSae(1000 * layer + seed);
    const [dModel, features] = W_enc.shape as [number, number];
    const of = (name: string, shape: number[], values: number[]) =>
      floatTensor(name, shape, [Float32Array.from(values)]);
    const tensors = [
      of('W_enc', [features, dModel], W_enc.values),
      of('W_dec', [features, dModel], W_dec.values),
      of('b_enc', [features], b_enc.values),
      of('b_dec', [dModel], b_dec.values),
      of(
        'threshold',
        [features],
        b_enc.values.map(() => 0)
      ),
    ];
    const metadata = {
      format: 'canonical',
      activation: 'relu',
      gauge: 'decoder_norm',
      input_norm: 'none',
      layer: String(layer),
    };
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, Buffer.concat(encodeSafetensors(tensors, metadata).chunks));
    return file;
  });
}
