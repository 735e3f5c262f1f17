import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { median } from './numbers.mjs';
import { writeRows } from './raw-rows.mjs';
import { proved, timedMatch } from './timed-match.mjs';

const require = createRequire(import.meta.url);
const { reportRows } = require('../dist/activities/steps/match-rows.js');
const { featuresOf } = require('../dist/matching/features.js');
const { foldLayer } = require('../dist/matching/folding.js');
const { rowOf } = require('../dist/matching/row-matrix.js');
const { loadSae } = require('../dist/sae/load-sae.js');
const { resolveSaeArgument } = require('../dist/sae/sae-argument.js');

/** How often each pair is timed. */
const ROUNDS = 3;

/*
 * node bench/ours-real.mjs REQUEST
 *
 * Reads and folds real SAEs, then matches every pair of the request several times in this one process, as a worker
 * does that is warm: the very first match is told apart. Writes the rows and the matchings for the peers; prints one
 * line of JSON.
 */
const { pairs, weights, folder, budget, threads } = JSON.parse(process.argv[2]);
const layers = new Map();
for (const [name, argument] of new Map(pairs.flat())) layers.set(name, await load(name, argument));
const loading = performance.now() / 1000;

const [first] = pairs;
const cold = await timedMatch(sideOf(first[0]), sideOf(first[1]), { budget, threads });
const results = [];
for (const [source, target] of pairs) results.push(await measure(sideOf(source), sideOf(target), source, target));
const last = results.map(({ figures }) => figures);
const seconds = results.flatMap((result) => result.seconds);
const solver = last.map((figures) => figures.solver);
console.log(
  JSON.stringify({
    ...last.at(-1),
    seconds: median(seconds),
    most: Math.max(...seconds),
    first: cold.figures.seconds,
    solver: solver.includes(null) ? null : median(solver),
    gap: Math.max(...last.map(({ gap }) => gap)),
    passes: Math.max(...last.map(({ passes }) => passes)),
    fallbacks: Math.max(...last.map(({ fallbacks }) => fallbacks)),
    loading,
    proved: results.every((result) => result.proved),
    pairs: results.map(({ pair }) => pair),
  })
);
process.exit();

async function measure(a, b, [sourceName], [targetName]) {
  const seconds = [];
  let latest;
  for (let round = 0; round < ROUNDS; round++) {
    latest = await timedMatch(a, b, { budget, threads });
    seconds.push(latest.figures.seconds);
  }
  const { matching, figures } = latest;
  const file = join(folder, `real-${sourceName}-${targetName}-${weights}.matching.i32`);
  writeFileSync(file, new Uint8Array(matching.targetFeature.buffer));
  const pair = {
    source: layers.get(sourceName).file,
    target: layers.get(targetName).file,
    sources: a.features.count,
    targets: b.features.count,
    width: layers.get(sourceName).width,
    matching: file,
  };
  return { seconds, figures, pair, proved: await proved(a, b, matching) };
}

function sideOf([name]) {
  return layers.get(name).side;
}

async function load(name, argument) {
  const { source, entry } = await resolveSaeArgument(argument);
  const folded = foldLayer(await loadSae(source, entry), { fold: true, degenerate: 'error', file: argument });
  const features = featuresOf(folded, weights);
  const width = features.parts.reduce((sum, { rows }) => sum + rows.columns, 0);
  const file = join(folder, `real-${name}-${weights}.f32`);
  const out = new Float32Array(width);
  // The parts of a feature side by side are the vector whose distances are matched, because every weight is 1.
  writeRows(file, features.count, width, (i) => {
    let at = 0;
    for (const { rows } of features.parts) {
      out.set(rowOf(rows, i), at);
      at += rows.columns;
    }
    return out;
  });
  return { side: { features, report: reportRows(folded, folded) }, file, width };
}
