import { Failure, orFail } from '../scripts/lib/failure.mjs';
import { progress } from '../scripts/lib/run.mjs';
import { writeDocs } from './docs.mjs';
import { environmentsOf } from './environments.mjs';
import { prepareBench } from './prepare.mjs';
import { folder, keepResult, keptResults } from './results.mjs';
import { rows } from './rows.mjs';
import { tablesOf } from './tables.mjs';

/**
 * `npm run bench [-- --row NAME] [--keep] [--tables] [--write-docs]`: runs each wanted row alone, keeps its figures, and
 * prints the tables of all that were kept, and what they were measured with.
 *
 * `--row` takes a row or a group of rows; without it all are run. `--keep` leaves the generated inputs for the next
 * time. `--tables` and, without `--row`, `--write-docs` run nothing; the latter puts the tables into
 * docs/benchmarks.md.
 */
export function main(args) {
  return orFail(async () => {
    const names = wanted(args);
    if (names.length > 0) await run(names, args.includes('--keep'));
    console.log(`${environmentsOf(keptResults())}\n\n${tablesOf(keptResults())}`);
    if (args.includes('--write-docs')) await writeDocs(keptResults());
  });
}

const FLAGS = ['--row', '--keep', '--tables', '--write-docs'];

function wanted(args) {
  const place = args.indexOf('--row');
  const unknown = args.find((argument, at) => !FLAGS.includes(argument) && (place < 0 || at !== place + 1));
  if (unknown !== undefined) throw new Failure(`sae-match: the bench knows ${FLAGS.join(', ')}; found "${unknown}".`);
  if (place < 0) return args.includes('--tables') || args.includes('--write-docs') ? [] : Object.keys(rows);
  const name = args[place + 1] ?? '';
  const found = Object.keys(rows).filter((row) => row === name || rows[row].group === name);
  if (found.length > 0) return found;
  const known = [...new Set(Object.entries(rows).flatMap(([row, { group }]) => [group ?? row, row]))];
  throw new Failure(`sae-match: --row knows ${known.join(', ')}; found "${name}".`);
}

async function run(names, keep) {
  const data = process.env.SAE_MATCH_DATA;
  const runnable = names.filter((name) => data !== undefined || rows[name].kind !== 'real');
  if (runnable.length < names.length) {
    const message = 'real SAEs are in the folder that SAE_MATCH_DATA names, and it is not set';
    if (runnable.length === 0) throw new Failure(`sae-match: ${message}.`);
    progress(`${message}: those rows are left out`);
  }
  const python = await prepareBench();
  // Loads compiled code, which is there only now.
  const { runRow } = await import('./run-row.mjs');
  for (const name of runnable) keepResult(name, runRow(name, rows[name], { python, data, folder, keep }));
}
