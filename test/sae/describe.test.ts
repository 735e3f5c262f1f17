import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeCanonical } from '../../sae/canonical-file';
import { rowsFromArray } from '../../matching/row-matrix';
import { describeSae } from '../../sae/describe';
import { quantilesOf } from '../../sae/quantiles';
import type { Quantiles } from '../../sae/quantiles';
import { resolveSaeArgument } from '../../sae/sae-argument';
import { FIXTURES, put, scratchFolder } from './support';

const scratch = scratchFolder();

async function describeAt(location: string, weights = true) {
  const { source, entry } = await resolveSaeArgument(location);
  return describeSae(source, entry, { weights });
}

/** A canonical SAE of 4 features, d = 2, with the given thresholds and decoder rows. */
function canonicalAt(name: string, threshold: number[], decoder: number[], gauge: 'theta' | 'decoder_norm'): string {
  const tensors = {
    encoder: rowsFromArray(Float32Array.of(1, 0, 0, 1, 0, 0, 1, 1), 4, 2),
    encoderBias: new Float32Array(4),
    decoder: rowsFromArray(Float32Array.from(decoder), 4, 2),
    decoderBias: new Float32Array(2),
    threshold: Float32Array.from(threshold),
    excluded: null,
    selectScale: null,
    skip: null,
  };
  const metadata = { activation: 'jumprelu', k: null, gauge, inputNorm: 'none', layer: 1, hook: null } as const;
  return put(scratch, `${name}/sae.safetensors`, Buffer.concat(encodeCanonical(tensors, metadata).chunks));
}

/** `expected` is min, q05, q50, q95, max. */
function expectQuantiles(found: Quantiles | null, expected: number[]): void {
  const { min, q05, q50, q95, max } = found!;
  [min, q05, q50, q95, max].forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 12);
  });
}

const UNIT = [1, 0, 0, 1, 1, 0, 0, 1];

describe('describeSae', () => {
  it('gives every field of the contract, statistics included', async () => {
    const file = canonicalAt('full', [0.5, 0, 1, 2], [3, 4, 0, 0, 1, 0, 0, 2], 'theta');
    const { theta, decoder_norm: norm, ...rest } = await describeAt(file);
    expect(rest).toEqual({
      format: 'canonical',
      path: file,
      layer: 1,
      hook: null,
      features: 4,
      d_in: 2,
      d_out: 2,
      dtype: 'float32',
      activation: 'jumprelu',
      k: null,
      gauge: 'theta',
      input_norm: 'none',
      excluded: 1,
      dead: 2,
      bytes: readFileSync(file).length,
      fold_changes_result: true,
      notes: [],
    });
    expectQuantiles(theta, [0, 0.075, 0.75, 1.85, 2]);
    expectQuantiles(norm, [0, 0.15, 1.5, 4.55, 5]);
  });

  it('leaves the statistics null when only headers are read', async () => {
    const described = await describeAt(join(FIXTURES, 'saelens-variants/v6-jumprelu'), false);
    expect(described).toMatchObject({
      format: 'saelens',
      features: 7,
      theta: null,
      excluded: null,
      dead: null,
      decoder_norm: null,
      fold_changes_result: null,
    });
    expect(described).not.toHaveProperty('error');
  });

  it.each<[string, boolean, number[], number[], 'theta' | 'decoder_norm']>([
    ['different thresholds', true, [1, 2, 1, 1], UNIT, 'theta'],
    ['one threshold', false, [2, 2, 2, 2], [3, 4, 0, 1, 1, 0, 0, 1], 'theta'],
    ['a threshold of 0 that excludes features', true, [0, 2, 2, 2], UNIT, 'theta'],
    ['different decoder norms', true, [0, 0, 0, 0], [3, 4, 0, 1, 1, 0, 0, 1], 'decoder_norm'],
    ['unit decoder rows up to rounding', false, [0, 0, 0, 0], [0.6, 0.8, 0, 1, 1, 0, 0, 1], 'decoder_norm'],
  ])('says for %s that folding changes the result: %s', async (name, changes, threshold, decoder, gauge) => {
    const described = await describeAt(canonicalAt(name, threshold, decoder, gauge));
    expect(described.fold_changes_result).toBe(changes);
    expect(described.theta === null).toBe(gauge === 'decoder_norm');
  });
});

describe('quantilesOf', () => {
  it('interpolates linearly between ranks, as numpy does by default', () => {
    expectQuantiles(quantilesOf(Float64Array.of(4, 1, 3, 2)), [1, 1.15, 2.5, 3.85, 4]);
    expect(quantilesOf(Float64Array.of(7))).toEqual({ min: 7, q05: 7, q50: 7, q95: 7, max: 7 });
    expect(quantilesOf(new Float64Array(0))).toBeNull();
  });
});
