import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { compile } from '../../scripts/lib/compile.mjs';
import { Failure, orFail } from '../../scripts/lib/failure.mjs';
import { installPackages } from '../../scripts/lib/install.mjs';
import { at } from '../../scripts/lib/paths.mjs';
import { progress } from '../../scripts/lib/run.mjs';
import { printHistories } from './histories.mjs';
import { writeTinyModel } from './tiny-model.mjs';

/** Layers that are matched, all pairs, with one worker, two and four. */
const COUNTED_LAYERS = 16;

/**
 * `npm run bench:scale [-- --layers 100]`: matches all pairs of many tiny layers with the embedded server and worker, so
 * that what takes time is the orchestration, and looks at what the run leaves with Temporal; then a few pairs that take a
 * fixed time with more and more workers. Exits with 1 when the run is
 * not done, a history or payload comes near a limit of the server, or workers are held up.
 */
export function main(args) {
  return orFail(async () => {
    const layers = numberOf(parseArgs({ args, options: { layers: { type: 'string', default: '100' } } }).values.layers);
    await installPackages();
    await compile();
    const { manyPairs } = await import('./many-pairs.mjs');
    const { printCounts, workerCounts } = await import('./worker-counts.mjs');
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sae-match-scale-')));
    try {
      const model = join(folder, 'model');
      writeTinyModel(model, layers);
      progress(`matching all pairs of ${layers} layers`);
      const result = await manyPairs(model, folder);
      printHistories(result);
      const small = join(folder, 'small-model');
      writeTinyModel(small, COUNTED_LAYERS);
      const counts = await workerCounts(small, folder);
      printCounts(counts);
      save(`scale-${layers}`, { ...result, workers: counts });
      const broken = [...result.broken, ...counts.broken];
      if (broken.length > 0) throw new Failure(`sae-match: ${broken.join('; ')}.`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

function numberOf(text) {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 2) return number;
  throw new Failure(`sae-match: bench:scale --layers takes a whole number of at least 2; found "${text}".`);
}

function save(name, result) {
  const folder = at('.cache/bench');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
}
