import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { randomNumbers } from '../matching/random-features';
import { float32Npy, zipOf } from '../sae/zip-writer';

/** The tensors of a small JumpReLU SAE; matrices row-major. Tests change them to make broken files. */
export interface RandomSae {
  /** `[d_model, features]` */
  readonly W_enc: Tensor;
  /** `[features, d_model]` */
  readonly W_dec: Tensor;
  /** `[features]` */
  readonly b_enc: Tensor;
  /** `[d_model]` */
  readonly b_dec: Tensor;
  /** `[features]`, all positive */
  readonly threshold: Tensor;
}

export interface Tensor {
  readonly shape: readonly number[];
  readonly values: number[];
}

/** A reproducible SAE of random weights. */
export function randomSae(seed: number, features = 16, dModel = 8): RandomSae {
  const random = randomNumbers(seed);
  const tensor = (shape: number[], value: () => number): Tensor => ({
    shape,
    values: Array.from({ length: shape.reduce((a, b) => a * b) }, value),
  });
  const weight = (): number => random() - 0.5;
  return {
    W_enc: tensor([dModel, features], weight),
    W_dec: tensor([features, dModel], weight),
    b_enc: tensor([features], weight),
    b_dec: tensor([dModel], weight),
    threshold: tensor([features], () => 0.5 + random()),
  };
}

/** The same SAE with `value` at one place of one tensor. */
export function withValue(sae: RandomSae, name: keyof RandomSae, index: number, value: number): RandomSae {
  const { shape, values } = sae[name];
  return { ...sae, [name]: { shape, values: values.map((old, i) => (i === index ? value : old)) } };
}

/** The same SAE with a threshold of 0 for these features. */
export function withoutThreshold(sae: RandomSae, features: readonly number[]): RandomSae {
  return features.reduce((changed, feature) => withValue(changed, 'threshold', feature, 0), sae);
}

/** A `params.npz` as Gemma Scope has them. */
export function paramsNpz(sae: RandomSae): Buffer {
  const members = Object.entries(sae) as [string, Tensor][];
  return zipOf(
    members.map(([name, { shape, values }]) => ({ name: `${name}.npy`, content: float32Npy(shape, values) }))
  );
}

/** Writes the layers of a source; returns the path of each file, by layer. */
export function writeLayers(source: string, layers: readonly (RandomSae | Buffer)[]): string[] {
  return layers.map((sae, layer) => {
    const file = join(source, `layer_${layer}/params.npz`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, Buffer.isBuffer(sae) ? sae : paramsNpz(sae));
    return file;
  });
}
