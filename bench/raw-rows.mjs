import { closeSync, openSync, readSync, renameSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';

const { allocateRows } = createRequire(import.meta.url)('../dist/matching/row-matrix.js');

/** Most bytes of one call of the system. */
const CHUNK = 1 << 26;

/**
 * Writes float32 rows, row-major, one at a time: a layer need not fit memory. The file has its name only once it is
 * complete.
 *
 * @param row called with 0 … count − 1; may return the same array every time
 */
export function writeRows(file, count, width, row) {
  const out = openSync(`${file}.tmp`, 'w');
  for (let i = 0; i < count; i++) writeSync(out, bytesOf(row(i), width));
  closeSync(out);
  renameSync(`${file}.tmp`, file);
}

/** Reads what {@link writeRows} wrote into a `RowMatrix` of the project. */
export function readRows(file, count, width) {
  const rows = allocateRows(Float32Array, count, width);
  const input = openSync(file, 'r');
  for (const block of rows.blocks) {
    const bytes = bytesOf(block, block.length);
    for (let at = 0; at < bytes.length;) at += readSync(input, bytes, at, Math.min(CHUNK, bytes.length - at), null);
  }
  closeSync(input);
  return rows;
}

/** What `matchPair` takes for a layer of which only decoder rows are compared. */
export function decoderSide(rows) {
  const features = {
    count: rows.rows,
    parts: [{ name: 'decoder', weight: 1, rows }],
    excluded: new Uint8Array(rows.rows),
  };
  return { features, report: { decoder: rows, encoder: allocateRows(Float32Array, rows.rows, 0), folded: null } };
}

function bytesOf(array, length) {
  return new Uint8Array(array.buffer, array.byteOffset, length * 4);
}
