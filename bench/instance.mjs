import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Quantiles at 0, 0.05, 0.1, 0.2, …, 0.9, 0.95, 1 of the matched cosines of wide SAEs of layers 2 → 3. */
const COSINES = [0.083, 0.182, 0.224, 0.293, 0.369, 0.443, 0.517, 0.582, 0.654, 0.713, 0.774, 0.815, 0.934];
const PLACES = [0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1];
/** Quantiles at 0, 0.05, 0.5, 0.95, 1 of their folded decoder norms. */
const NORMS = { source: [0.219, 0.257, 0.319, 0.55, 2.5], target: [0.281, 0.321, 0.375, 0.516, 2.86] };
const NORM_PLACES = [0, 0.05, 0.5, 0.95, 1];

/**
 * Writes the two layers of a row as raw float32, row-major, unless they are there: Gaussian directions, a permutation
 * planted with the measured cosines, the measured spread of norms. Reproducible from the fixed seed.
 *
 * @returns paths of the source and the target layer
 */
export function writeInstance(name, { sources, targets, width, planted = true }, folder) {
  const files = ['source', 'target'].map((side) => join(folder, `${name}.${side}.f32`));
  if (files.every(existsSync)) return files;
  mkdirSync(folder, { recursive: true });
  const random = mulberry32(2410_07656);
  const gauss = gaussians(random);
  const place = shuffled(Math.max(sources, targets), random);
  const partner = new Int32Array(targets).fill(-1);
  place.forEach((j, i) => {
    if (i < sources && j < targets) partner[j] = i;
  });
  const seeds = Uint32Array.from({ length: sources }, () => Math.floor(random() * 2 ** 32));
  const direction = (i, out) => fill(out, gauss, mulberry32(seeds[i]));
  const [a, b] = [new Float32Array(width), new Float32Array(width)];
  writeRows(files[0], sources, width, (i) => {
    direction(i, a);
    return scaled(a, quantile(NORM_PLACES, NORMS.source, random()));
  });
  writeRows(files[1], targets, width, (j) => {
    fill(b, gauss, random);
    if (planted && partner[j] >= 0) {
      direction(partner[j], a);
      const cosine = quantile(PLACES, COSINES, random());
      const rest = Math.sqrt(1 - cosine * cosine);
      for (let k = 0; k < width; k++) b[k] = cosine * a[k] + rest * b[k];
    }
    return scaled(b, quantile(NORM_PLACES, NORMS.target, random()));
  });
  return files;
}

function writeRows(file, count, width, row) {
  const out = openSync(`${file}.tmp`, 'w');
  for (let i = 0; i < count; i++) writeSync(out, new Uint8Array(row(i).buffer, 0, width * 4));
  closeSync(out);
  renameSync(`${file}.tmp`, file);
}

function scaled(row, norm) {
  const factor = norm / Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
  for (let k = 0; k < row.length; k++) row[k] *= factor;
  return row;
}

/** A table of Gaussian numbers, read from random places with random strides: fast, and good enough for directions. */
function gaussians(random) {
  return Float32Array.from({ length: 1 << 20 }, () => {
    return Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
  });
}

function fill(out, table, random) {
  let at = Math.floor(random() * table.length);
  const stride = 2 * Math.floor(random() * 1000) + 1;
  for (let k = 0; k < out.length; k++, at = (at + stride) & (table.length - 1)) out[k] = table[at];
}

function quantile(places, values, at) {
  let n = 1;
  while (at > places[n]) n++;
  return values[n - 1] + ((values[n] - values[n - 1]) * (at - places[n - 1])) / (places[n] - places[n - 1]);
}

function shuffled(count, random) {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
