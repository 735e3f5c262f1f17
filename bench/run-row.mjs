import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { Failure } from '../scripts/lib/failure.mjs';
import { at } from '../scripts/lib/paths.mjs';
import { progress } from '../scripts/lib/run.mjs';
import { writeInstance } from './instance.mjs';
import { writeLayers } from './layers.mjs';
import { median } from './numbers.mjs';
import { PEER_SECONDS, THREADS } from './rows.mjs';
import { wholeProcess } from './whole-process.mjs';

/**
 * Runs one row: this project and each of the row's peers, one after the other, each in a process of its own.
 *
 * @param keep whether the generated inputs stay, for the next time
 * @returns figures by program
 */
export function runRow(name, row, { python, data, folder, keep }) {
  mkdirSync(folder, { recursive: true });
  progress(`${name}: matching`);
  const run = { pair: runPair, layers: runLayers, real: runReal }[row.kind];
  const { files, ours, pairs, whole = null } = run(name, row, { folder, data });
  const measured = { ours, ...(whole !== null && { whole }) };
  for (const peer of row.peers) {
    progress(`${name}: ${peer}`);
    measured[peer] = merged(pairs.map((pair) => runPeer(python, peer, pair)));
  }
  if (!keep) for (const file of files) rmSync(file, { force: true });
  return measured;
}

function runPair(name, row, { folder }) {
  const { sources, targets, width, budget } = row;
  const files = writeInstance(row, folder);
  const matching = join(folder, `${name}.matching.i32`);
  const pair = { source: files[0], target: files[1], sources, targets, width, matching };
  const ours = measure(process.execPath, [at('bench/ours.mjs'), JSON.stringify({ ...pair, budget, threads: THREADS })]);
  const whole = row.wholeProcess ? wholeProcess(pair, folder) : null;
  return { files: [...files, matching], ours, pairs: [pair], whole };
}

function runLayers(_, { count, sources, width, budget }, { folder }) {
  const files = writeLayers({ count, features: sources, width }, folder);
  const request = { files, features: sources, width, budget, threads: THREADS };
  return { files, ours: measure(process.execPath, [at('bench/ours-layers.mjs'), JSON.stringify(request)]), pairs: [] };
}

function runReal(_, { pairs, weights, budget }, { folder, data }) {
  const named = (sae) => [sae.replace('#', '-'), join(data, sae)];
  const request = {
    ...{ weights, folder, budget, threads: THREADS },
    pairs: pairs.map(([source, target]) => [named(source), named(target)]),
  };
  const ours = measure(process.execPath, [at('bench/ours-real.mjs'), JSON.stringify(request)]);
  const files = ours.pairs.flatMap(({ source, target, matching }) => [source, target, matching]);
  const [{ sources, targets, width }] = ours.pairs;
  return { files, ours: { ...ours, pairs: ours.pairs.length, sources, targets, width }, pairs: ours.pairs };
}

function runPeer(python, peer, pair) {
  try {
    return measure(python, [at('bench/peers.py'), peer, JSON.stringify(pair)], PEER_SECONDS * 1000);
  } catch (error) {
    if (error.code !== 'ETIMEDOUT') throw error;
    return { seconds: null };
  }
}

/** Runs a program to its end and reads the JSON it prints last; `wall` is the time of the whole process. */
function measure(program, args, timeout) {
  const env = { ...process.env, OPENBLAS_NUM_THREADS: String(THREADS), OMP_NUM_THREADS: String(THREADS) };
  // Both make numpy choose another matrix product than it would by itself.
  delete env.OPENBLAS_CORETYPE;
  delete env.OPENBLAS_L2_SIZE;
  const began = performance.now();
  const output = outputOf(program, args, { env, encoding: 'utf8', timeout, stdio: ['ignore', 'pipe', 'inherit'] });
  const wall = (performance.now() - began) / 1000;
  return { ...JSON.parse(output.trim().split('\n').at(-1)), wall };
}

/** A program that fails has said why itself; a time limit is the caller's business. */
function outputOf(program, args, options) {
  try {
    return execFileSync(program, args, options);
  } catch (error) {
    if (error.code === 'ETIMEDOUT') throw error;
    const end = error.status === null ? `signal ${error.signal}` : `exit code ${error.status}`;
    throw new Failure(`sae-match: ${args[0]} ended with ${end}.`);
  }
}

/** One peer's figures over several pairs: the median and the largest of the times, the worst of everything else. */
function merged(figures) {
  if (figures.length === 1) return figures[0];
  if (figures.some(({ seconds }) => seconds === null)) return { seconds: null };
  const all = (key) => figures.map((figure) => figure[key]);
  const worst = Object.fromEntries(
    Object.entries(figures[0])
      .filter(([, value]) => typeof value === 'number')
      .map(([key]) => [key, Math.max(...all(key))])
  );
  return { ...figures[0], ...worst, seconds: median(all('seconds')), most: worst.seconds };
}
