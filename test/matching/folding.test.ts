import { InputError } from '../../matching/errors';
import { foldLayer } from '../../matching/folding';
import type { Gauge, UnfoldedLayer } from '../../matching/folding';
import { rowsFromArray } from '../../matching/row-matrix';
import { randomNumbers } from './random-features';

const FEATURES = 12;
const WIDTH = 5;
const exclude = { fold: true, degenerate: 'exclude', file: 'layer' } as const;

function randomLayer(seed: number, gauge: Gauge = 'theta'): UnfoldedLayer {
  const random = randomNumbers(seed);
  const numbers = (count: number): Float64Array => Float64Array.from({ length: count }, () => random() - 0.5);
  return {
    header: { gauge },
    encoder: rowsFromArray(Float32Array.from(numbers(FEATURES * WIDTH)), FEATURES, WIDTH),
    encoderBias: numbers(FEATURES),
    decoder: rowsFromArray(Float32Array.from(numbers(FEATURES * WIDTH)), FEATURES, WIDTH),
    threshold: Float64Array.from({ length: FEATURES }, () => 0.1 + random()),
    ...(gauge === 'given' && { scale: Float64Array.from({ length: FEATURES }, () => 0.1 + random()) }),
  };
}

/** The same SAE with feature i's activations scaled by scale[i]. */
function rescale(layer: UnfoldedLayer, scale: number[]): UnfoldedLayer {
  const rows = (data: UnfoldedLayer['encoder'], factor: (i: number) => number): UnfoldedLayer['encoder'] =>
    rowsFromArray(
      Float32Array.from(data.blocks[0]!, (value, index) => value * factor(Math.floor(index / WIDTH))),
      FEATURES,
      WIDTH
    );
  return {
    header: layer.header,
    encoder: rows(layer.encoder, (i) => scale[i]!),
    encoderBias: layer.encoderBias.map((value, i) => value * scale[i]!),
    decoder: rows(layer.decoder, (i) => 1 / scale[i]!),
    threshold: layer.threshold!.map((value, i) => value * scale[i]!),
    ...(layer.scale && { scale: layer.scale.map((value, i) => value * scale[i]!) }),
  };
}

describe('foldLayer', () => {
  it.each(['theta', 'decoder_norm', 'given'] as const)(
    'gives the same bits after features are rescaled by powers of two (gauge %s)',
    (gauge) => {
      const layer = randomLayer(1, gauge);
      const scale = Array.from({ length: FEATURES }, (_, i) => 2 ** (i - 6));
      expect(foldLayer(rescale(layer, scale), exclude)).toEqual(foldLayer(layer, exclude));
    }
  );

  it('divides encoder and bias by the threshold and multiplies the decoder, in float64, rounded once', () => {
    const layer = randomLayer(2);
    const folded = foldLayer(layer, exclude);
    for (let i = 0; i < FEATURES; i++) {
      const theta = layer.threshold![i]!;
      for (let k = 0; k < WIDTH; k++) {
        const at = i * WIDTH + k;
        expect(folded.encoder.blocks[0]![at]).toBe(Math.fround(layer.encoder.blocks[0]![at]! / theta));
        expect(folded.decoder.blocks[0]![at]).toBe(Math.fround(layer.decoder.blocks[0]![at]! * theta));
      }
      expect(folded.encoderBias[i]).toBe(Math.fround(layer.encoderBias[i]! / theta));
    }
  });

  it('folds a given scale exactly as it folds thresholds', () => {
    const layer = randomLayer(8);
    const scale = layer.threshold!;
    scale[4] = 0;
    const given = { ...layer, header: { gauge: 'given' }, threshold: new Float64Array(FEATURES), scale } as const;
    expect(foldLayer(given, exclude)).toEqual(foldLayer(layer, exclude));
    expect(() => foldLayer(given, { ...exclude, degenerate: 'error' })).toThrow(
      'scale: cannot fold (found 1 of 12 features with a scale of 0 or less (first: feature 4)'
    );
    expect(() => foldLayer({ ...given, scale: null }, exclude)).toThrow('no scale to fold');
  });

  it('leaves a JumpReLU SAE’s output unchanged', () => {
    const layer = randomLayer(3);
    const folded = foldLayer(layer, exclude);
    const x = [0.9, -0.4, 0.7, 0.2, -1.1];
    const output = (sae: Pick<UnfoldedLayer, 'encoder' | 'encoderBias' | 'decoder'>, theta: (i: number) => number) => {
      const result = new Array<number>(WIDTH).fill(0);
      for (let i = 0; i < FEATURES; i++) {
        let pre = sae.encoderBias[i]!;
        for (let k = 0; k < WIDTH; k++) pre += sae.encoder.blocks[0]![i * WIDTH + k]! * x[k]!;
        if (pre <= theta(i)) continue;
        for (let k = 0; k < WIDTH; k++) result[k]! += pre * sae.decoder.blocks[0]![i * WIDTH + k]!;
      }
      return result;
    };
    const before = output(layer, (i) => layer.threshold![i]!);
    const after = output({ ...folded, encoderBias: Float64Array.from(folded.encoderBias) }, () => 1);
    expect(before.some((value) => value !== 0)).toBe(true);
    after.forEach((value, k) => {
      expect(value).toBeCloseTo(before[k]!, 5);
    });
  });

  it('gives unit decoder rows under gauge decoder_norm, and zero rows for a dead feature', () => {
    const layer = randomLayer(4, 'decoder_norm');
    layer.decoder.blocks[0]!.fill(0, 0, WIDTH);
    const folded = foldLayer(layer, exclude);
    expect([...folded.decoder.blocks[0]!.subarray(0, WIDTH)]).toEqual([0, 0, 0, 0, 0]);
    expect([...folded.encoder.blocks[0]!.subarray(0, WIDTH)]).toEqual([0, 0, 0, 0, 0]);
    expect(folded.excluded[0]).toBe(0);
    for (let i = 1; i < FEATURES; i++) {
      const row = folded.decoder.blocks[0]!.subarray(i * WIDTH, (i + 1) * WIDTH);
      expect(row.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 6);
    }
  });

  it('excludes features with a threshold of 0 or less, with zero rows', () => {
    const layer = randomLayer(5);
    layer.threshold![2] = 0;
    layer.threshold![7] = -1;
    const folded = foldLayer(layer, exclude);
    expect([...folded.excluded].flatMap((flag, i) => (flag === 1 ? [i] : []))).toEqual([2, 7]);
    expect(folded.decoder.blocks[0]!.subarray(2 * WIDTH, 3 * WIDTH).every((value) => value === 0)).toBe(true);
    expect(() => foldLayer(layer, { ...exclude, degenerate: 'error' })).toThrow('2 of 12 features');
  });

  it('folds float32 matrices where they are when it may, to the same rows', () => {
    for (const gauge of ['theta', 'decoder_norm', 'given'] as const) {
      const layer = randomLayer(7, gauge);
      const copied = foldLayer(layer, exclude);
      const reused = foldLayer(layer, { ...exclude, reuse: true });
      for (const name of ['encoder', 'decoder'] as const) expect(reused[name].blocks).toEqual(copied[name].blocks);
      expect(reused.encoderBias).toEqual(copied.encoderBias);
      expect(reused.decoder.blocks[0]).toBe(layer.decoder.blocks[0]);
      expect(copied.decoder.blocks[0]).not.toBe(layer.decoder.blocks[0]);
    }
  });

  it('looks at thresholds only when folding', () => {
    const layer = randomLayer(6);
    layer.threshold!.fill(-1);
    expect(foldLayer(layer, { ...exclude, fold: false }).excluded.includes(1)).toBe(false);
    expect(() => foldLayer(layer, exclude)).toThrow('more than half of the layer');
  });

  it('refuses a threshold so small that a folded weight overflows float32, naming tensor and feature', () => {
    const layer = randomLayer(7);
    layer.threshold![3] = 1e-44;
    expect(() => foldLayer(layer, exclude)).toThrow(InputError);
    expect(() => foldLayer(layer, exclude)).toThrow('W_enc, feature 3');
  });
});
