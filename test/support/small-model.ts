import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { rowOf } from '../../matching/row-matrix';
import { loadSae } from '../../sae/load-sae';
import { resolveSaeArgument } from '../../sae/sae-argument';
import { float32Npy, zipOf } from '../sae/zip-writer';

/** The SAEs that come with the project. */
export const EXAMPLE = resolve(__dirname, '../../examples/minilm-l6');

/**
 * Writes a source of real SAEs that is quick to match: the first `features` features of the first `layers` layers of
 * the example, each as a `params.npz`. Returns the paths of these files, by layer.
 */
export async function writeSmallModel(folder: string, layers: number, features: number): Promise<string[]> {
  const files: string[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const file = join(folder, `layer_${layer}/width_small/average_l0_1/params.npz`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, await smallLayer(layer, features));
    files.push(file);
  }
  return files;
}

async function smallLayer(layer: number, features: number): Promise<Buffer> {
  const { source, entry } = await resolveSaeArgument(`${EXAMPLE}#${layer}`);
  const { header, encoder, encoderBias, decoder, decoderBias, threshold } = await loadSae(source, entry);
  const kept = Array.from({ length: features }, (_, feature) => feature);
  const encoderRows = kept.map((feature) => rowOf(encoder, feature));
  const columns = Array.from({ length: header.dIn }, (_, k) => encoderRows.map((row) => row[k]!));
  const decoderRows = kept.map((feature) => Array.from(rowOf(decoder, feature)));
  const vector = (values: Float64Array): Buffer => float32Npy([features], Array.from(values.subarray(0, features)));
  return zipOf([
    { name: 'W_enc.npy', content: float32Npy([header.dIn, features], columns.flat()) },
    { name: 'W_dec.npy', content: float32Npy([features, header.dOut], decoderRows.flat()) },
    { name: 'b_enc.npy', content: vector(encoderBias) },
    { name: 'b_dec.npy', content: float32Npy([header.dOut], Array.from(decoderBias)) },
    { name: 'threshold.npy', content: vector(threshold!) },
  ]);
}
