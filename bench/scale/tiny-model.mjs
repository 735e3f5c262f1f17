import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { gaussian, randomNumbers } from '../random.mjs';
import { writeSae } from '../write-sae.mjs';

const { rowsFromArray } = createRequire(import.meta.url)('../../dist/matching/row-matrix.js');

export const FEATURES = 16;
export const WIDTH = 8;

/** Writes SAEs so small that matching two of them takes about a millisecond. */
export function writeTinyModel(model, layers) {
  const random = randomNumbers(1);
  for (let layer = 0; layer < layers; layer++) {
    const folder = join(model, `layer_${layer}`);
    mkdirSync(folder, { recursive: true });
    const rows = Float32Array.from({ length: FEATURES * WIDTH }, () => gaussian(random));
    writeSae(join(folder, 'sae.safetensors'), rowsFromArray(rows, FEATURES, WIDTH), layer);
  }
}
