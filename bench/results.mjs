import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, release, totalmem, type } from 'node:os';

import { at } from '../scripts/lib/paths.mjs';
import { rows } from './rows.mjs';

export const folder = at('.cache/bench');
const file = at('.cache/bench/results.json');

/** Keeps the figures of one row beside those of the others. */
export function keepResult(name, measured) {
  mkdirSync(folder, { recursive: true });
  const results = { ...stored(), [name]: { ...measured, environment: environmentOf(measured) } };
  writeFileSync(`${file}.tmp`, `${JSON.stringify(results, null, 1)}\n`);
  renameSync(`${file}.tmp`, file);
}

/** Names, rows and figures that were kept, in the order of the rows. */
export function keptResults() {
  const results = stored();
  return Object.entries(rows)
    .filter(([name]) => name in results)
    .map(([name, row]) => ({ name, row, ...results[name] }));
}

function stored() {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

/** The machine and the versions of everything that took part. */
function environmentOf({ gemm, scipy, ortools }) {
  const versionOf = (name) => createRequire(import.meta.url)(at(`node_modules/${name}/package.json`)).version;
  const python = (gemm ?? scipy ?? ortools)?.versions ?? null;
  return {
    machine: `${cpus()[0].model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${type()} ${release()}`,
    node: process.versions.node,
    onnxruntime: versionOf('onnxruntime-node'),
    ...python,
  };
}
