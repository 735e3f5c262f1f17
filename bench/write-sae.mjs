import { closeSync, openSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';

const { encodeCanonical } = createRequire(import.meta.url)('../dist/sae/canonical-file.js');

/** Writes an SAE in the project's own format: these decoder rows, the same as encoder rows, and thresholds of 1. */
export function writeSae(file, rows, layer = null) {
  const features = rows.rows;
  const tensors = {
    encoder: rows,
    encoderBias: new Float32Array(features),
    decoder: rows,
    decoderBias: new Float32Array(rows.columns),
    threshold: new Float32Array(features).fill(1),
    excluded: null,
    selectScale: null,
    skip: null,
  };
  const metadata = { activation: 'jumprelu', k: null, gauge: 'theta', inputNorm: null, layer, hook: null };
  const out = openSync(file, 'w');
  for (const chunk of encodeCanonical(tensors, metadata).chunks) {
    for (let at = 0; at < chunk.length;) at += writeSync(out, chunk, at, Math.min(2 ** 26, chunk.length - at));
  }
  closeSync(out);
}
