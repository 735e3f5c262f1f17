import { resolve } from 'node:path';
import fc from 'fast-check';
import { allocateRows, rowsFromArray } from '../../../matching/row-matrix';
import type { HiddenStates } from '../../../matching/evaluation/activations/hidden-error';
import type { CanonicalSae } from '../../../sae/canonical';
import { TokenEncoder } from '../../../sae/encoding/encode-tokens';
import type { OpenProducts } from '../../../sae/encoding/encode-tokens';
import { randomNumbers } from '../../matching/random-features';
import { runNode } from '../../support/run-node';

const WIDTH = 6;

interface Gate {
  readonly threshold?: (random: () => number) => number;
  readonly k?: number;
  readonly scaled?: boolean;
}

/** An SAE of small whole numbers, so that many activations are equal or lie exactly at their threshold. */
function saeOf(seed: number, features: number, gate: Gate, change: Partial<CanonicalSae['header']> = {}): CanonicalSae {
  const random = randomNumbers(seed);
  const whole = (): number => Math.floor(random() * 5) - 2;
  const rows = (): CanonicalSae['encoder'] =>
    rowsFromArray(Float32Array.from({ length: features * WIDTH }, whole), features, WIDTH);
  const { threshold, k = null, scaled = false } = gate;
  return {
    header: {
      ...{ format: 'test', path: '.', layer: 0, hook: null, features, dIn: WIDTH, dOut: WIDTH, dtype: 'float32' },
      ...{ activation: k === null ? 'jumprelu' : 'topk', k, gauge: 'theta', inputNorm: 'none', bytes: 0, notes: [] },
      ...change,
    },
    encoder: rows(),
    encoderBias: Float64Array.from({ length: features }, whole),
    decoder: rows(),
    decoderBias: new Float64Array(WIDTH),
    threshold: threshold === undefined ? null : Float64Array.from({ length: features }, () => threshold(random)),
    selectScale: scaled ? Float64Array.from({ length: features }, () => Math.floor(random() * 3)) : null,
    skip: null,
  };
}

function statesOf(seed: number, tokens: number): HiddenStates {
  const random = randomNumbers(seed);
  const values = Float32Array.from({ length: tokens * WIDTH }, () => Math.floor(random() * 5) - 2);
  return { tokens, elements: WIDTH, values };
}

/** Activations by their definition, as `token:feature=value`. */
function byDefinition(sae: CanonicalSae, states: HiddenStates): string[] {
  const { features, k } = sae.header;
  const entries: string[] = [];
  for (let token = 0; token < states.tokens; token++) {
    const pre = Array.from({ length: features }, (_, i) => {
      let sum = 0;
      for (let d = 0; d < WIDTH; d++) sum += sae.encoder.blocks[0]![i * WIDTH + d]! * states.values[token * WIDTH + d]!;
      return Math.max(0, sum + sae.encoderBias[i]!);
    });
    const rank = pre.map((value, i) => value * (sae.selectScale?.[i] ?? 1));
    const order = pre.map((_, i) => i).sort((a, b) => rank[b]! - rank[a]! || a - b);
    const largest = new Set(order.slice(0, k ?? features));
    pre.forEach((value, i) => {
      const isActive = sae.threshold === null ? largest.has(i) && rank[i]! > 0 : value > sae.threshold[i]!;
      if (isActive && value > 0) entries.push(`${token}:${i}=${value}`);
    });
  }
  return entries;
}

async function encoded(sae: CanonicalSae, states: HiddenStates, open: OpenProducts): Promise<string[]> {
  const encoder = await TokenEncoder.open(sae, 'file', open);
  const { starts, feature, activation } = await encoder.encode(states, () => undefined);
  await encoder.close();
  return Array.from({ length: states.tokens }, (_, token) =>
    Array.from(feature.subarray(starts[token], starts[token + 1])).map(
      (i, n) => `${token}:${i}=${activation[starts[token]! + n]}`
    )
  ).flat();
}

/** Products that are off by as much as float32 allows, in a direction that chance decides. */
const wrong =
  (seed: number, exponent = -24): OpenProducts =>
  (columns, width, count) => {
    const random = randomNumbers(seed);
    const features = columns.length / width;
    const multiply = (rows: Float32Array): Promise<Float32Array> =>
      Promise.resolve(
        Float32Array.from({ length: count * features }, (_, at) => {
          const [row, i] = [Math.floor(at / features), at % features];
          let [sum, x, w] = [0, 0, 0];
          for (let k = 0; k < width; k++) {
            const [a, b] = [rows[row * width + k]!, columns[k * features + i]!];
            sum += a * b;
            x += a * a;
            w += b * b;
          }
          return sum + (random() < 0.5 ? -1 : 1) * width * 2 ** exponent * Math.sqrt(x * w);
        })
      );
    return Promise.resolve({ multiply, close: () => Promise.resolve() });
  };

/** A module that prints activations as `byDefinition` has them, in a process whose arrays are those of the runtime. */
function byOnnxruntime(sae: CanonicalSae, states: HiddenStates): string {
  const array = (values: ArrayLike<number> | null, type: string): string =>
    values === null ? 'null' : `${type}.from(${JSON.stringify(Array.from(values))})`;
  const { encoder, encoderBias, threshold, selectScale, header } = sae;
  const dist = (path: string): string => `require(${JSON.stringify(resolve('dist', path))})`;
  return `
    import { createRequire } from 'node:module';
    const require = createRequire(${JSON.stringify(__filename)});
    const { openFloatProducts } = ${dist('kernels/ort/float-products.js')};
    const { rowsFromArray } = ${dist('matching/row-matrix.js')};
    const { TokenEncoder } = ${dist('sae/encoding/encode-tokens.js')};
    const sae = {
      header: ${JSON.stringify(header)}, skip: null,
      encoder: rowsFromArray(${array(encoder.blocks[0]!, 'Float32Array')}, ${header.features}, ${WIDTH}),
      encoderBias: ${array(encoderBias, 'Float64Array')},
      threshold: ${array(threshold, 'Float64Array')},
      selectScale: ${array(selectScale, 'Float64Array')},
    };
    const encoder = await TokenEncoder.open(sae, 'file', openFloatProducts);
    const states = { tokens: ${states.tokens}, elements: ${WIDTH}, values: ${array(states.values, 'Float32Array')} };
    const { starts, feature, activation } = await encoder.encode(states, () => undefined);
    await encoder.close();
    const entries = [];
    for (let token = 0; token < states.tokens; token++)
      for (let at = starts[token]; at < starts[token + 1]; at++) entries.push(token + ':' + feature[at] + '=' + activation[at]);
    console.log(entries.join(' '));
  `;
}

const gates: readonly (readonly [string, Gate])[] = [
  ['JumpReLU, with activations exactly at the threshold', { threshold: (random) => Math.floor(random() * 4) }],
  ['JumpReLU with thresholds below 0, which a ReLU bounds', { threshold: (random) => Math.floor(random() * 4) - 2 }],
  ['ReLU', { threshold: () => 0 }],
  ['the k largest, with many equal', { k: 3 }],
  ['the k largest by a scale', { k: 3, scaled: true }],
];

describe('activations of', () => {
  it.each(gates)('%s are those of their definition', async (_, gate) => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 40 }), async (seed, features) => {
        const [sae, states] = [saeOf(seed, features, gate), statesOf(seed + 1, 7)];
        const expected = byDefinition(sae, states);
        expect(await encoded(sae, states, wrong(seed + 2))).toEqual(expected);
      }),
      { numRuns: 60 }
    );
  });

  it.each(gates)('%s come out of onnxruntime the same, for more tokens than are computed at once', async (_, gate) => {
    const [sae, states] = [saeOf(5, 300, gate), statesOf(6, 520)];
    const { stdout, stderr } = await runNode(byOnnxruntime(sae, states));
    expect([stdout.trim().split(' '), stderr]).toEqual([byDefinition(sae, states), '']);
  });

  it('features that products say nothing of are worked out as well', async () => {
    const [sae, states] = [saeOf(1, 20, { k: 4 }), statesOf(2, 5)];
    const nothing: OpenProducts = (columns, width, count) =>
      Promise.resolve({
        multiply: () => Promise.resolve(new Float32Array((count * columns.length) / width).fill(NaN)),
        close: () => Promise.resolve(),
      });
    expect(await encoded(sae, states, nothing)).toEqual(byDefinition(sae, states));
  });

  it('would be others if the products were worse than float32 allows', async () => {
    const [sae, states] = [saeOf(3, 40, { threshold: () => 1 }), statesOf(4, 200)];
    expect(await encoded(sae, states, wrong(9, -1))).not.toEqual(byDefinition(sae, states));
  });
});

describe('an SAE of which no activations can be computed is refused:', () => {
  const refused = (sae: CanonicalSae): Promise<unknown> => TokenEncoder.open(sae, 'layer_3', wrong(1));

  it.each([
    ['one that reads several layers', { ...saeOf(1, 4, { threshold: () => 1 }), jointEncoder: true as const }],
    ['a transcoder', saeOf(1, 4, { threshold: () => 1 }, { dOut: WIDTH + 1 })],
    [
      'one with a skip connection',
      { ...saeOf(1, 4, { threshold: () => 1 }), skip: allocateRows(Float32Array, WIDTH, WIDTH) },
    ],
    ['one that normalises each token', saeOf(1, 4, { k: 2 }, { inputNorm: 'layer_norm' })],
    ['a transcoder by its hook', saeOf(1, 4, { threshold: () => 1 }, { hook: 'blocks.3.ln2.hook_normalized' })],
    [
      'a transcoder by where it writes',
      saeOf(1, 4, { threshold: () => 1 }, { hook: 'blocks.3.hook_mlp_in', notes: ['writes to blocks.3.hook_mlp_out'] }),
    ],
    ['BatchTopK without a threshold', saeOf(1, 4, { k: 3 }, { activation: 'batchtopk' })],
  ])('%s', async (_, sae) => {
    await expect(refused(sae)).rejects.toThrow(/layer_3: activations of this SAE cannot be computed/);
  });
});
