import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { rowsFromArray } from '../../matching/row-matrix';
import type { CanonicalSae } from '../../sae/canonical';
import { encodeCanonical } from '../../sae/canonical-file';
import { randomNumbers } from '../matching/random-features';

const WIDTH = 8;

/** A reproducible SAE without thresholds; `topk` keeps 3 features, `ranked` by activation times decoder norm. */
export function ungatedSae(
  kind: 'relu' | 'topk' | 'ranked',
  seed: number,
  { features = 16, layer = null as number | null } = {}
): CanonicalSae {
  const random = randomNumbers(seed);
  const numbers = (count: number): number[] => Array.from({ length: count }, () => Math.fround(random() - 0.5));
  const decoder = numbers(features * WIDTH);
  const norms = Float64Array.from({ length: features }, (_, i) =>
    Math.hypot(...decoder.slice(i * WIDTH, (i + 1) * WIDTH))
  );
  return {
    header: {
      ...{ format: 'canonical', path: '.', layer, hook: null, features, dIn: WIDTH, dOut: WIDTH, dtype: 'float32' },
      ...{ activation: kind === 'relu' ? 'relu' : 'topk', k: kind === 'relu' ? null : 3, gauge: 'decoder_norm' },
      ...{ inputNorm: 'none', bytes: 0, notes: [] },
    },
    encoder: rowsFromArray(Float32Array.from(numbers(features * WIDTH)), features, WIDTH),
    encoderBias: Float64Array.from(numbers(features)),
    decoder: rowsFromArray(Float32Array.from(decoder), features, WIDTH),
    decoderBias: Float64Array.from(numbers(WIDTH)),
    threshold: kind === 'relu' ? new Float64Array(features) : null,
    selectScale: kind === 'ranked' ? norms.map(Math.fround) : null,
    skip: null,
  };
}

/** Writes SAEs as `layer_<L>/sae.safetensors`; returns the path of each file. */
export function writeSaes(source: string, saes: readonly CanonicalSae[]): string[] {
  return saes.map((sae, layer) => {
    const header = { ...sae.header, layer };
    const bytes = Buffer.concat(encodeCanonical({ ...sae, excluded: null }, header).chunks);
    return write(join(source, `layer_${layer}/sae.safetensors`), bytes);
  });
}

/** A row of a Neuronpedia features export, with some of what else stands in one. */
export function exportRow(index: number | string, maxActApprox: number | null, layer = 0): string {
  return JSON.stringify({
    ...{ modelId: 'small', layer: `${layer}-test-res`, index, maxActApprox },
    ...{ frac_nonzero: 0.01, pos_str: ['a', 'ü'], hasVector: false },
  });
}

/** Writes an export in batches of five features, gzipped, as Neuronpedia has them; returns its folder. */
export function writeExport(folder: string, values: readonly (number | null)[], layer = 0): string {
  const rows = values.map((value, index) => exportRow(String(index), value, layer));
  for (let batch = 0; batch * 5 < rows.length; batch++) {
    const text = `${rows.slice(batch * 5, (batch + 1) * 5).join('\n')}\n`;
    write(join(folder, `features/batch-${batch}.jsonl.gz`), gzipSync(text));
  }
  write(join(folder, 'explanations/batch-0.jsonl.gz'), gzipSync('{"index":"0","description":"a"}\n'));
  write(join(folder, 'source.jsonl'), '{"id":"0-test-res"}\n');
  return folder;
}

function write(file: string, content: string | Uint8Array): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}
