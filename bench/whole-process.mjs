import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { at } from '../scripts/lib/paths.mjs';
import { readRows } from './raw-rows.mjs';
import { writeSae } from './write-sae.mjs';

/**
 * The same pair as a user has it: `sae-match pair` from two files to Parquet tables, from the start of the process to
 * its end. The encoders, which are read but not matched, are as large as the decoders.
 */
export function wholeProcess({ source, target, sources, targets, width }, folder) {
  const work = join(folder, 'whole-process');
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const sides = [
    { name: 'source', file: source, count: sources },
    { name: 'target', file: target, count: targets },
  ];
  const saes = sides.map(({ name, file, count }) => {
    const sae = join(work, `${name}.safetensors`);
    writeSae(sae, readRows(file, count, width));
    return sae;
  });
  const peak = join(work, 'peak-memory');
  const began = performance.now();
  execFileSync(
    process.execPath,
    ['--require', at('bench/report-memory.cjs'), at('dist/cli/main.js'), 'pair', ...saes, '--out', join(work, 'out')],
    { env: { ...process.env, BENCH_PEAK_MEMORY: peak }, stdio: ['ignore', 'ignore', 'inherit'] }
  );
  const seconds = (performance.now() - began) / 1000;
  const rss = Number(readFileSync(peak, 'utf8'));
  rmSync(work, { recursive: true, force: true });
  return { seconds, rss };
}
