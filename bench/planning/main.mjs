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
const folder = at('.cache/bench');

/**
 * `npm run bench:planning [-- --row NAME …] [--calibrate-each] [--clock processor] [--table]`: measures the machine as `plan --calibrate`
 * does, predicts rows of the bench and whole runs over real SAEs, carries them out, and prints predicted against actual.
 *
 * `--row` takes rows and groups of the bench, and `run-narrow` and `run-wide`; without it the quick ones are taken. Each
 * row is predicted by the last calibration before it: `--calibrate-each` makes one before every row, for machines that
 * others use as well. With `--clock processor` seconds are those of processor time, all threads together, of calibration
 * and matches, and runs are left out: waiting for others is not counted then. `--table` runs nothing and prints what was kept.
 */
export function main(args) {
  return orFail(async () => {
    const { values } = parseArgs({ args, options: OPTIONS });
    const { clock } = values;
    if (clock !== 'wall' && clock !== 'processor') {
      throw new Failure(`sae-match: --clock knows wall and processor; found "${clock}".`);
    }
    if (values.table) return console.log(tableOf(kept(clock)));
    const runs = clock === 'wall' ? RUNS.map((name) => `run-${name}`) : [];
    const names = wanted(values.row ?? [...QUICK, ...runs]);
    await installPackages();
    await compile();
    const { calibrated, predictedRow, predictedRun } = await import('./predicted.mjs');
    let rates = null;
    for (const name of names) {
      if (rates === null || values['calibrate-each']) {
        progress('calibrating');
        rates = calibrated(clock);
      }
      progress(name);
      const run = /^run-(.+)$/.exec(name)?.[1];
      keep(
        clock,
        name,
        run === undefined ? predictedRow(name, rows[name], rates, clock) : await predictedRun(run, rates)
      );
    }
    console.log(tableOf(kept(clock)));
  });
}

const OPTIONS = {
  row: { type: 'string', multiple: true },
  'calibrate-each': { type: 'boolean', default: false },
  clock: { type: 'string', default: 'wall' },
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

function kept(clock) {
  try {
    return JSON.parse(readFileSync(fileOf(clock), 'utf8'));
  } catch {
    return {};
  }
}

function keep(clock, name, result) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileOf(clock), `${JSON.stringify({ ...kept(clock), [name]: result }, null, 1)}\n`);
}

const fileOf = (clock) => join(folder, `planning-${clock}.json`);
