import { chainParts } from './exported-chains';
import type { ChainEdge, ExportedChains } from './exported-chains';
import { listJson } from './list-json';
import type { Provenance } from './provenance';

/** Value of the field `schema`. */
export const GROUPS_SCHEMA = 'sae-match/groups@1';

/** Chains of two features or more as groups of nodes that stand for the same feature: JSON, one group a line. */
export function groupsJson(provenance: Provenance, chains: ExportedChains): AsyncGenerator<string> {
  return listJson({ schema: GROUPS_SCHEMA, ...provenance }, 'groups', groups(chains));
}

function* groups(chains: ExportedChains): Generator<string> {
  for (const { id, nodes, edges } of chainParts(chains)) {
    if (nodes.length < 2) continue;
    yield JSON.stringify({
      chain_id: id,
      smallest_cosine: smallestCosine(edges),
      nodes: nodes.map(({ layer, feature }) => ({ layer, feature })),
    });
  }
}

/** Null where there is no step, or a step has none. */
function smallestCosine(edges: readonly ChainEdge[]): number | null {
  const smallest = edges.length === 0 ? NaN : Math.min(...edges.map(({ cosine }) => cosine));
  return Number.isNaN(smallest) ? null : Number(smallest.toPrecision(9));
}
