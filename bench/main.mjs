import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { orFail, Failure } from '../scripts/lib/failure.mjs';
import { installPackages } from '../scripts/lib/install.mjs';
import { compile } from '../scripts/lib/compile.mjs';
import { at } from '../scripts/lib/paths.mjs';
import { preparePython } from '../scripts/lib/python.mjs';
import { progress } from '../scripts/lib/run.mjs';
import { writeInstance } from './instance.mjs';
import { rows } from './rows.mjs';

const folder = at('.cache/bench');
const results = at('.cache/bench/results.json');
const DEFAULT_BUDGET = 8e9;

/** `npm run bench [-- --row NAME]`: runs each row alone, keeps its figures, and prints the table of all that were kept. */
export function main(args) {
  return orFail(async () => {
    const names = wanted(args);
    await installPackages();
    await compile();
    const python = await preparePython();
    for (const name of names) keep(name, runRow(name, python));
    printTable();
  });
}

function wanted(args) {
  const at = args.indexOf('--row');
  if (at < 0) return Object.keys(rows);
  if (args[at + 1] in rows) return [args[at + 1]];
  throw new Failure(`sae-match: --row knows ${Object.keys(rows).join(', ')}; found "${args[at + 1] ?? ''}".`);
}

function runRow(name, python) {
  const row = rows[name];
  progress(`${name}: ${row.sources} x ${row.targets} features of ${row.width} elements`);
  const files = writeInstance(name, row, folder);
  const shape = [row.sources, row.targets, row.width].map(String);
  const matching = at(`.cache/bench/${name}.matching.i32`);
  const run = (program, args) => {
    const env = { ...process.env };
    // Both make numpy choose another matrix product than it would by itself.
    delete env.OPENBLAS_CORETYPE;
    delete env.OPENBLAS_L2_SIZE;
    return JSON.parse(execFileSync(program, args, { env, encoding: 'utf8' }).trim().split('\n').at(-1));
  };
  const budget = String(row.budget ?? DEFAULT_BUDGET);
  const measured = { ours: run(process.execPath, [at('bench/ours.mjs'), ...files, ...shape, budget, matching]) };
  for (const peer of row.peers)
    measured[peer] = run(python, [at('bench/peers.py'), peer, ...files, ...shape, matching]);
  return measured;
}

function keep(name, measured) {
  mkdirSync(folder, { recursive: true });
  const machine = `${cpus()[0].model}, ${cpus().length} cores`;
  writeFileSync(results, `${JSON.stringify({ ...kept(), [name]: { ...measured, machine } }, null, 1)}\n`);
}

function kept() {
  return existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : {};
}

function printTable() {
  console.log(
    '| row | features × elements | ours s | numpy GEMM s | ratio | scipy s | ratio | difference | RSS MB | passes |'
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const [name, { ours, gemm, scipy }] of Object.entries(kept())) {
    const { sources, targets, width } = rows[name];
    const cells = [
      name,
      `${sources} × ${targets} × ${width}`,
      seconds(ours),
      seconds(gemm),
      gemm ? (ours.seconds / gemm.seconds).toFixed(2) : '-',
      seconds(scipy),
      scipy ? (ours.seconds / scipy.seconds).toFixed(3) : '-',
      scipy ? scipy.difference.toExponential(0) : '-',
      (ours.rss / 1e6).toFixed(0),
      ours.passes,
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

const seconds = (measured) => (measured ? measured.seconds.toFixed(2) : '-');
