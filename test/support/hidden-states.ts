import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { rowOf } from '../../matching/row-matrix';
import { loadSae } from '../../sae/load-sae';
import { resolveSaeArgument } from '../../sae/sae-argument';
import { randomNumbers } from '../matching/random-features';
import { float32Npy } from '../sae/zip-writer';

/** More than are read at once. */
const TOKENS = 2500;
const DOCUMENTS = 9;
const ACTIVE = 5;

/**
 * Writes hidden states that the SAEs of a source explain in part: sums of a few decoder rows, the same features in every layer,
 * and noise. The tokens are of nine documents.
 */
export async function writeHiddenStates(folder: string, saes: string, layers: number): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (let layer = 0; layer < layers; layer++) {
    const { source, entry } = await resolveSaeArgument(`${saes}#${layer}`);
    const { header, decoder, decoderBias } = await loadSae(source, entry);
    const chosen = randomNumbers(1);
    const noise = randomNumbers(100 + layer);
    const values = Array.from({ length: TOKENS }, () => {
      const x = Array.from(decoderBias, (value) => value + 0.2 * (noise() - 0.5));
      for (let n = 0; n < ACTIVE; n++) {
        const row = rowOf(decoder, Math.floor(chosen() * header.features));
        const activation = 1 + 4 * chosen();
        row.forEach((value, k) => (x[k]! += activation * value));
      }
      return x;
    });
    writeFileSync(join(folder, `layer_${layer}.npy`), float32Npy([TOKENS, header.dOut], values.flat()));
  }
  const lines = Array.from({ length: TOKENS }, (_, token) =>
    JSON.stringify({ token: `t${token}`, document: `text ${Math.floor((token * DOCUMENTS) / TOKENS)}` })
  );
  writeFileSync(join(folder, 'tokens.jsonl'), `${lines.join('\n')}\n`);
}
