import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { drift } from './drift.mjs';
import { fillGaussian, gaussianTable, randomNumbers, shuffled } from './random.mjs';
import { writeRows } from './raw-rows.mjs';
import { mix, scaled } from './vectors.mjs';

const SEED = 26;

/**
 * Writes the layers of a synthetic model as raw float32, unless they are there: every feature of a layer comes from one
 * of the layer before, with cosines and norms as between real adjacent layers, in shuffled order.
 *
 * @returns paths of the layers
 */
export function writeLayers({ count, features, width }, folder) {
  const files = Array.from({ length: count }, (_, layer) => {
    return join(folder, `layer-${features}x${width}.${layer}.f32`);
  });
  if (files.every((file) => existsSync(file))) return files;
  mkdirSync(folder, { recursive: true });
  const rows = driftingLayers(features, width);
  for (const file of files) {
    const layer = rows.next().value;
    writeRows(file, features, width, (i) => layer.subarray(i * width, (i + 1) * width));
  }
  return files;
}

/** One layer `[features, width]` after the other, without end; each is valid until the next is taken. */
export function* driftingLayers(features, width) {
  const random = randomNumbers(SEED);
  const table = gaussianTable(random);
  const rowsOf = (layer) => Array.from({ length: features }, (_, i) => layer.subarray(i * width, (i + 1) * width));
  let directions = new Float32Array(features * width);
  for (const row of rowsOf(directions)) fillGaussian(row, table, random);
  yield normed(directions, () => drift.firstNorm(random));
  for (;;) {
    const before = rowsOf(directions);
    const origin = shuffled(features, random);
    directions = new Float32Array(features * width);
    rowsOf(directions).forEach((row, j) => {
      fillGaussian(row, table, random);
      mix(row, before[origin[j]], drift.cosine(random));
    });
    yield normed(directions, () => drift.laterNorm(random));
  }

  /** The directions themselves stay as they are: a mixture needs both parts of one length. */
  function normed(layer, normOf) {
    const copy = layer.slice();
    for (const row of rowsOf(copy)) scaled(row, normOf());
    return copy;
  }
}
