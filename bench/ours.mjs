import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';

/*
 * node bench/ours.mjs SOURCE TARGET SOURCES TARGETS WIDTH BUDGET MATCHING
 *
 * Times `matchPair` from rows in memory to a certified result, threads and sessions included, in a process of its own.
 * Writes the matching as int32 for the peers to compare with; prints one line of JSON.
 */
const require = createRequire(import.meta.url);
const { matchPair } = require('../dist/matching/match-pair.js');
const { allocateRows } = require('../dist/matching/row-matrix.js');
const { createTileThreads } = require('../dist/activities/tiles/tile-threads.js');

const [sourceFile, targetFile, ...rest] = process.argv.slice(2);
const [sources, targets, width, budget] = rest.slice(0, 4).map(Number);
const source = side(sourceFile, sources);
const target = side(targetFile, targets);
const tiles = createTileThreads({ device: 'cpu', threads: availableParallelism(), throwIfCancelled: () => undefined });
const availableMemory = budget - process.memoryUsage.rss();
const began = performance.now();
const matching = await matchPair(source, target, { availableMemory }, { tiles });
const seconds = (performance.now() - began) / 1000;
writeFileSync(rest[4], new Uint8Array(matching.targetFeature.buffer));
const { objective, passes, certificate } = matching;
const rss = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ seconds, rss, objective, gap: certificate.gap, passes }));
process.exit();

function side(file, count) {
  const rows = allocateRows(Float32Array, count, width);
  const input = openSync(file, 'r');
  for (const block of rows.blocks) {
    const bytes = new Uint8Array(block.buffer, block.byteOffset, block.byteLength);
    for (let at = 0; at < bytes.length;) at += readSync(input, bytes, at, Math.min(1 << 26, bytes.length - at), null);
  }
  closeSync(input);
  const features = { count, parts: [{ name: 'decoder', weight: 1, rows }], excluded: new Uint8Array(count) };
  return { features, report: { decoder: rows, encoder: allocateRows(Float32Array, count, 0), folded: null } };
}
