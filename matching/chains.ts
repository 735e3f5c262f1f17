/** The matching from one selected layer to the next; null where that pair failed and every chain breaks. */
export interface ChainStep {
  /** −1 where unmatched. `[features of the layer]` */
  readonly targetFeature: Int32Array;
  /** `[features of the layer]` */
  readonly cost: Float64Array;
  readonly decoderCosine: Float64Array;
}

export interface ChainLayer {
  readonly layer: number;
  readonly features: number;
  /** 1 for features that take no part in the matching; they belong to no chain. `[features]` */
  readonly excluded: Uint8Array | null;
}

/** Chains in long form, one row a chain and layer, sorted by chain, then layer. */
export interface ChainTable {
  readonly chainId: Int32Array;
  readonly layer: Int32Array;
  readonly feature: Int32Array;
  /** Cost of the step to the next layer; NaN at the end of a chain. */
  readonly stepCost: Float64Array;
  /** Decoder cosine of the step; NaN at the end of a chain or where a row is zero. */
  readonly stepCosine: Float64Array;
}

/**
 * Stitches the matchings of consecutive layers into chains. A chain starts at every feature that no feature of the
 * layer before maps to (a birth) and ends where a feature maps to none (a death). Chains are numbered by first layer,
 * then feature.
 *
 * @param layers the selected layers, ascending
 * @param steps one entry for each pair of neighbours in `layers`
 */
export function buildChains(layers: readonly ChainLayer[], steps: readonly (ChainStep | null)[]): ChainTable {
  const rows = layers.reduce((sum, layer) => sum + layer.features, 0);
  const table = {
    chainId: new Int32Array(rows),
    layer: new Int32Array(rows),
    feature: new Int32Array(rows),
    stepCost: new Float64Array(rows).fill(NaN),
    stepCosine: new Float64Array(rows).fill(NaN),
  };
  let row = 0;
  let chain = 0;
  layers.forEach(({ features, excluded }, start) => {
    const continued = reached(steps[start - 1], features);
    for (let feature = 0; feature < features; feature++) {
      if (continued[feature] === 1 || excluded?.[feature] === 1) continue;
      row = writeChain(table, row, chain++, layers, steps, start, feature);
    }
  });
  return {
    chainId: table.chainId.subarray(0, row),
    layer: table.layer.subarray(0, row),
    feature: table.feature.subarray(0, row),
    stepCost: table.stepCost.subarray(0, row),
    stepCosine: table.stepCosine.subarray(0, row),
  };
}

function writeChain(
  table: ChainTable,
  firstRow: number,
  chain: number,
  layers: readonly ChainLayer[],
  steps: readonly (ChainStep | null)[],
  start: number,
  startFeature: number
): number {
  let row = firstRow;
  let position = start;
  let feature = startFeature;
  for (;;) {
    table.chainId[row] = chain;
    table.layer[row] = layers[position]!.layer;
    table.feature[row] = feature;
    const step = steps[position];
    const next = step?.targetFeature[feature] ?? -1;
    if (step === null || step === undefined || next < 0) return row + 1;
    table.stepCost[row] = step.cost[feature]!;
    table.stepCosine[row] = step.decoderCosine[feature]!;
    row += 1;
    position += 1;
    feature = next;
  }
}

/** 1 for the features of a layer that the step into it maps to. */
function reached(step: ChainStep | null | undefined, features: number): Uint8Array {
  const flags = new Uint8Array(features);
  step?.targetFeature.forEach((j) => {
    if (j >= 0) flags[j] = 1;
  });
  return flags;
}

/** One chain read back from the long form. */
export interface Chain {
  readonly id: number;
  readonly steps: readonly { layer: number; feature: number; cost: number; cosine: number }[];
  /** The smallest decoder cosine of its steps; NaN for a chain of one feature or with a zero row. */
  readonly weakestCosine: number;
}

/** Groups the long form into chains, in the order of the table. */
export function readChains(table: ChainTable): Chain[] {
  const chains: Chain[] = [];
  for (let row = 0; row < table.chainId.length;) {
    const id = table.chainId[row]!;
    const steps = [];
    for (; row < table.chainId.length && table.chainId[row] === id; row++) {
      steps.push({
        layer: table.layer[row]!,
        feature: table.feature[row]!,
        cost: table.stepCost[row]!,
        cosine: table.stepCosine[row]!,
      });
    }
    const cosines = steps.slice(0, -1).map((step) => step.cosine);
    chains.push({ id, steps, weakestCosine: cosines.length === 0 ? NaN : Math.min(...cosines) });
  }
  return chains;
}
