import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { drift } from './drift.mjs';
import { hardInputs } from './hard-inputs.mjs';
import { fillGaussian, gaussianTable, randomNumbers, shuffled } from './random.mjs';
import { writeRows } from './raw-rows.mjs';
import { mix, scaled } from './vectors.mjs';

const SEED = 2410_07656;

/**
 * Writes the two layers of a row as raw float32, row-major, unless they are there. The same row gives the same bytes.
 *
 * @returns paths of the source and the target layer
 */
export function writeInstance({ input, sources, targets, width }, folder) {
  const shape = `${sources}x${targets}x${width}`;
  const files = ['source', 'target'].map((side) => join(folder, `${input}-${shape}.${side}.f32`));
  if (files.every((file) => existsSync(file))) return files;
  mkdirSync(folder, { recursive: true });
  if (input in streamed) streamed[input](files, { sources, targets, width });
  else {
    const { source, target } = hardInputs[input](sources, width, randomNumbers(SEED));
    writeRows(files[0], sources, width, source);
    writeRows(files[1], targets, width, target);
  }
  return files;
}

/** Inputs that can be larger than memory. */
const streamed = {
  drift: (files, shape) => writeDrift(files, shape, true),
  'no-structure': (files, shape) => writeDrift(files, shape, false),
};

/** Gaussian directions with the measured norms; where `planted`, a permutation with the measured cosines between them. */
function writeDrift(files, { sources, targets, width }, planted) {
  const random = randomNumbers(SEED);
  const table = gaussianTable(random);
  const partner = new Int32Array(targets).fill(-1);
  shuffled(Math.max(sources, targets), random).forEach((j, i) => {
    if (i < sources && j < targets) partner[j] = i;
  });
  // A source row is made again where its partner needs it, from a seed of its own, so that none has to be kept.
  const seeds = Uint32Array.from({ length: sources }, () => Math.floor(random() * 2 ** 32));
  const direction = (i, out) => fillGaussian(out, table, randomNumbers(seeds[i]));
  const [a, b] = [new Float32Array(width), new Float32Array(width)];
  writeRows(files[0], sources, width, (i) => {
    direction(i, a);
    return scaled(a, drift.firstNorm(random));
  });
  writeRows(files[1], targets, width, (j) => {
    fillGaussian(b, table, random);
    if (planted && partner[j] >= 0) {
      direction(partner[j], a);
      mix(b, a, drift.cosine(random));
    }
    return scaled(b, drift.laterNorm(random));
  });
}
