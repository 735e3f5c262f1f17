import type { ChainTable } from '../matching/chains';

/** Chains of features, and what their layers are called. */
export interface ExportedChains {
  /** `layer` is a key of `places`. */
  readonly table: ChainTable;
  /** The layers that are wanted. */
  readonly places: ReadonlyMap<number, ChainPlace>;
}

export interface ChainPlace {
  /** Its layer, or `source` and `target` for a pair whose layers are unknown or the same. */
  readonly name: string;
  readonly layer: number | null;
}

/** A feature in a chain. */
export interface ChainNode extends ChainPlace {
  readonly feature: number;
  /** Name of its layer and its index, such as `3:117`. */
  readonly id: string;
}

/** A step from one feature of a chain to the next. */
export interface ChainEdge {
  readonly source: ChainNode;
  readonly target: ChainNode;
  readonly cost: number;
  /** Decoder cosine; NaN where a row is zero. */
  readonly cosine: number;
}

export interface ChainParts {
  readonly id: number;
  readonly nodes: readonly ChainNode[];
  readonly edges: readonly ChainEdge[];
}

/** The chains one by one, as far as they lie in layers that are wanted. */
export function* chainParts({ table, places }: ExportedChains): Generator<ChainParts> {
  const { chainId, layer, feature, stepCost, stepCosine } = table;
  for (let row = 0; row < chainId.length;) {
    const id = chainId[row]!;
    const nodes: ChainNode[] = [];
    const edges: ChainEdge[] = [];
    let before: ChainNode | null = null;
    for (; row < chainId.length && chainId[row] === id; row++) {
      const place = places.get(layer[row]!);
      const node: ChainNode | null =
        place === undefined ? null : { ...place, feature: feature[row]!, id: `${place.name}:${feature[row]!}` };
      if (node !== null) nodes.push(node);
      if (node !== null && before !== null)
        edges.push({ source: before, target: node, cost: stepCost[row - 1]!, cosine: stepCosine[row - 1]! });
      before = node;
    }
    if (nodes.length > 0) yield { id, nodes, edges };
  }
}
