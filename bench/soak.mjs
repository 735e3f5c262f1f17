import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { driftingLayers } from './layers.mjs';
import { median, slope } from './numbers.mjs';
import { watchedRun } from './watched-run.mjs';
import { writeSae } from './write-sae.mjs';

const { rowsFromArray } = createRequire(import.meta.url)('../dist/matching/row-matrix.js');

/** All pairs of 21 layers are 210, each large enough to be computed on threads by onnxruntime. */
const LAYERS = 21;
const FEATURES = 512;
const WIDTH = 384;
/** How much more memory the last quarter of the pairs may take than the second. */
const MOST_GROWTH = 0.1;

/**
 * Matches all pairs of a generated model in one worker, as a user would, and looks at the worker's memory after each.
 * The first quarter is left out of the judgement: caches and heaps fill up.
 *
 * @returns whether memory stayed flat
 */
export async function soak() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sae-match-soak-')));
  try {
    const model = join(folder, 'model');
    writeModel(model);
    const samples = await watchedRun(model, folder);
    return judge(samples);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeModel(model) {
  const layers = driftingLayers(FEATURES, WIDTH);
  for (let layer = 0; layer < LAYERS; layer++) {
    const folder = join(model, `layer_${layer}`);
    mkdirSync(folder, { recursive: true });
    writeSae(join(folder, 'sae.safetensors'), rowsFromArray(layers.next().value, FEATURES, WIDTH), layer);
  }
}

/** @param samples numbers of pairs done, ascending, and resident bytes of the worker then */
function judge(samples) {
  const pairs = samples.at(-1)?.pairs ?? 0;
  const wanted = (LAYERS * (LAYERS - 1)) / 2;
  const memory = samples.map(({ rss }) => rss / 1e6);
  const within = (from, to) => samples.filter((sample) => sample.pairs > from * pairs && sample.pairs <= to * pairs);
  const typical = (some) => median(some.map(({ rss }) => rss / 1e6));
  const [second, last] = [typical(within(0.25, 0.5)), typical(within(0.75, 1))];
  const settled = within(0.25, 1).map((sample) => [sample.pairs, sample.rss / 1e6]);
  console.log(`pairs            ${pairs} of ${wanted}, in one worker; memory looked at ${samples.length} times`);
  console.log(`first            ${memory[0].toFixed(0)} MB`);
  console.log(`median           ${median(memory).toFixed(0)} MB`);
  console.log(`last             ${memory.at(-1).toFixed(0)} MB`);
  console.log(`slope            ${slope(settled).toFixed(3)} MB a pair after the first quarter`);
  console.log(`second quarter   ${second.toFixed(0)} MB (median)`);
  console.log(`last quarter     ${last.toFixed(0)} MB (median), ${(100 * (last / second - 1)).toFixed(1)} % above it`);
  const flat = pairs === wanted && last <= second * (1 + MOST_GROWTH);
  console.log(flat ? 'flat' : `not flat: more than ${100 * MOST_GROWTH} % growth, or pairs missing`);
  return flat;
}
