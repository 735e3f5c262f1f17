import { ActivationsBuilder } from '../../matching/evaluation/activations/feature-activations';
import type { FeatureActivations } from '../../matching/evaluation/activations/feature-activations';
import type { HiddenStates } from '../../matching/evaluation/activations/hidden-error';
import { rowOf } from '../../matching/row-matrix';
import type { FloatArray } from '../../matching/row-matrix';
import type { CanonicalSae } from '../canonical';
import { rowNorms } from '../formats/assemble';
import { gateOf } from './feature-gate';
import type { FeatureGate } from './feature-gate';

/** Products of some rows with some encoder rows in float32, in any order of summation. */
export interface RowProducts {
  /** @param rows `[count, dIn]`, row-major @returns `[count, features]`, overwritten by the next call */
  multiply(rows: Float32Array): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Opens products of `count` rows at a time with columns `[width, features]`. */
export type OpenProducts = (columns: Float32Array, width: number, count: number) => Promise<RowProducts>;

/** Encoder rows that are multiplied together: a model of onnxruntime stays below 2 GiB. */
const MOST_SLAB_BYTES = 512 * 2 ** 20;
/** Products of one step. */
const MOST_PRODUCT_BYTES = 64 * 2 ** 20;
const MOST_TOKENS = 256;
/** Rounding unit of float32. */
const UNIT = 2 ** -24;
/** A product below this may be flushed to 0. */
const UNDERFLOW = 2 ** -125;

/**
 * Computes activations f = gate(W_enc·x + b_enc), Eq. 1 of arXiv 2410.07656. Products in float32 only tell which features may
 * be active: a sum of d products is off by at most γ_d‖x‖‖w‖. Those are computed in float64, by ascending element, and decide.
 * So the same activations come out whatever computes the products.
 */
export class TokenEncoder {
  private readonly weightNorms: Float64Array;
  private readonly rows: readonly FloatArray[];
  private readonly candidates: Int32Array;
  private readonly value: Float64Array;
  private readonly bound: Float64Array;

  private constructor(
    private readonly sae: CanonicalSae,
    private readonly gate: FeatureGate,
    private readonly slabs: readonly { readonly first: number; readonly products: RowProducts }[],
    private readonly tokens: number
  ) {
    const { features } = sae.header;
    this.weightNorms = rowNorms(sae.encoder);
    this.rows = Array.from({ length: features }, (_, i) => rowOf(sae.encoder, i));
    this.candidates = new Int32Array(features);
    this.value = new Float64Array(features);
    this.bound = new Float64Array(features);
  }

  /** @param file named in errors @throws InputError when activations of such an SAE cannot be computed */
  static async open(sae: CanonicalSae, file: string, openProducts: OpenProducts): Promise<TokenEncoder> {
    const gate = gateOf(sae, file);
    const { features, dIn } = sae.header;
    const tokens = Math.max(1, Math.min(MOST_TOKENS, Math.floor(MOST_PRODUCT_BYTES / (4 * features))));
    const perSlab = Math.max(1, Math.floor(MOST_SLAB_BYTES / (4 * dIn)));
    const slabs: { first: number; products: RowProducts }[] = [];
    for (let first = 0; first < features; first += perSlab) {
      const columns = encoderColumns(sae, first, Math.min(features, first + perSlab));
      slabs.push({ first, products: await openProducts(columns, dIn, tokens) });
    }
    return new TokenEncoder(sae, gate, slabs, tokens);
  }

  /** @param onTokens called with the tokens done so far; may throw to stop */
  async encode(states: HiddenStates, onTokens: (done: number) => void): Promise<FeatureActivations> {
    const { features } = this.sae.header;
    const builder = new ActivationsBuilder(states.tokens, features);
    for (let first = 0; first < states.tokens; first += this.tokens) {
      onTokens(first);
      const end = Math.min(states.tokens, first + this.tokens);
      const products = await this.multiply(states, first, end);
      for (let token = first; token < end; token++) {
        const x = states.values.subarray(token * states.elements, (token + 1) * states.elements);
        this.encodeToken(x, products, token - first, builder);
      }
    }
    return builder.build();
  }

  async close(): Promise<void> {
    for (const { products } of this.slabs) await products.close();
  }

  private async multiply(states: HiddenStates, first: number, end: number): Promise<readonly Float32Array[]> {
    const rows = new Float32Array(this.tokens * states.elements);
    rows.set(states.values.subarray(first * states.elements, end * states.elements));
    const results: Float32Array[] = [];
    for (const { products } of this.slabs) results.push(await products.multiply(rows));
    return results;
  }

  private encodeToken(
    x: FloatArray,
    products: readonly Float32Array[],
    row: number,
    builder: ActivationsBuilder
  ): void {
    const { value, bound, weightNorms, candidates } = this;
    const { encoderBias } = this.sae;
    const factor = errorFactor(x.length) * Math.sqrt(dot(x, x));
    this.slabs.forEach(({ first }, index) => {
      const slab = products[index]!;
      const width = slab.length / this.tokens;
      for (let n = 0; n < width; n++) value[first + n] = slab[row * width + n]! + encoderBias[first + n]!;
    });
    for (let i = 0; i < bound.length; i++) bound[i] = factor * weightNorms[i]! + x.length * UNDERFLOW;
    const count = this.gate.candidates({ value, bound }, candidates);
    const features = candidates.subarray(0, count);
    const exact = Float64Array.from(features, (feature) => dot(x, this.rows[feature]!) + encoderBias[feature]!);
    const isActive = new Uint8Array(count);
    this.gate.decide(features, exact, isActive);
    features.forEach((feature, n) => {
      if (isActive[n] === 1) builder.add(feature, exact[n]!);
    });
    builder.endToken();
  }
}

/** γ_d for d products and their sum, two more for rounding both vectors to float32, and some room for the sums here. */
const errorFactor = (elements: number): number => ((elements + 4) * UNIT * 1.01) / (1 - (elements + 4) * UNIT);

/** Σ a_k b_k in float64, k ascending. */
function dot(a: FloatArray, b: FloatArray): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}

/** Encoder rows `[first, end)` as columns `[dIn, end - first]`. */
function encoderColumns({ encoder, header }: CanonicalSae, first: number, end: number): Float32Array {
  const width = end - first;
  const columns = new Float32Array(header.dIn * width);
  for (let feature = first; feature < end; feature++) {
    const row = rowOf(encoder, feature);
    for (let k = 0; k < row.length; k++) columns[k * width + feature - first] = row[k]!;
  }
  return columns;
}
