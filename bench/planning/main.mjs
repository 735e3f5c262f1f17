import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { compile } from '../../scripts/lib/compile.mjs';
import { Failure, orFail } from '../../scripts/lib/failure.mjs';
import { installPackages } from '../../scripts/lib/install.mjs';
import { at } from '../../scripts/lib/paths.mjs';
import { progress } from '../../scripts/lib/run.mjs';
import { rows } from '../rows.mjs';
import { tableOf } from './table.mjs';

/** Rows that take less than a minute, in the order of the table. */
const QUICK = ['real-size', 'rectangular', 'rectangular-reversed', 'no-structure', 'growth-1024', 'growth-2048'].concat(
  ['growth-4096', 'growth-8192', 'growth-16384', 'paper-size', 'hard', 'real']
);
/** Whole runs over real SAEs, by the folder of `SAE_MATCH_DATA`. */
const RUNS = ['narrow', 'wide'];
const KEPT = at('.cache/bench/planning.json');

/**
 * `npm run bench:planning [-- --row NAME …] [--calibrate-each] [--table]`: measures the machine as `plan --calibrate`
 * does, predicts rows of the bench and whole runs over real SAEs, carries them out, and prints predicted against actual.
 *
 * `--row` takes rows and groups of the bench, and `run-narrow` and `run-wide`; without it the quick ones are taken. Each
 * row is predicted by the last calibration before it: `--calibrate-each` makes one before every row, for machines that
 * others use as well. `--table` runs nothing and prints what was kept.
 */
export function main(args) {
  return orFail(async () => {
    const { values } = parseArgs({ args, options: OPTIONS });
    if (values.table) return console.log(tableOf(kept()));
    const names = wanted(values.row ?? [...QUICK, ...RUNS.map((name) => `run-${name}`)]);
    await installPackages();
    await compile();
    const { calibrated, predictedRow, predictedRun } = await import('./predicted.mjs');
    let rates = null;
    for (const name of names) {
      if (rates === null || values['calibrate-each']) {
        progress('calibrating');
        rates = await calibrated();
      }
      progress(name);
      const run = /^run-(.+)$/.exec(name)?.[1];
      keep(name, run === undefined ? predictedRow(name, rows[name], rates) : await predictedRun(run, rates));
    }
    console.log(tableOf(kept()));
  });
}

const OPTIONS = {
  row: { type: 'string', multiple: true },
  'calibrate-each': { type: 'boolean', default: false },
  table: { type: 'boolean', default: false },
};

function wanted(asked) {
  const all = [...Object.keys(rows), ...RUNS.map((name) => `run-${name}`)];
  const names = asked.flatMap((name) => {
    const found = all.filter((row) => row === name || rows[row]?.group === name);
    if (found.length > 0) return found;
    throw new Failure(
      `sae-match: --row knows the rows and groups of the bench, run-narrow and run-wide; found "${name}".`
    );
  });
  const hasData = process.env.SAE_MATCH_DATA !== undefined;
  if (!hasData)
    progress('real SAEs are in the folder that SAE_MATCH_DATA names, and it is not set: their rows are left out');
  return names.filter((name) => hasData || !(name.startsWith('run-') || rows[name].kind === 'real'));
}

function kept() {
  try {
    return JSON.parse(readFileSync(KEPT, 'utf8'));
  } catch {
    return {};
  }
}

function keep(name, result) {
  mkdirSync(join(KEPT, '..'), { recursive: true });
  writeFileSync(KEPT, `${JSON.stringify({ ...kept(), [name]: result }, null, 1)}\n`);
}
