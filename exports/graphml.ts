import { chainParts } from './exported-chains';
import type { ChainEdge, ChainNode, ExportedChains } from './exported-chains';
import type { Provenance } from './provenance';

/** Value of the graph's attribute `schema`. */
export const GRAPH_SCHEMA = 'sae-match/chains-graph@1';

/** Attributes of the graph, its nodes and its edges, with their types. */
const KEYS: readonly (readonly [of: 'graph' | 'node' | 'edge', name: string, type: string])[] = [
  ['graph', 'schema', 'string'],
  ['graph', 'provenance', 'string'],
  ['node', 'layer', 'int'],
  ['node', 'feature', 'int'],
  ['node', 'chain_id', 'int'],
  ['edge', 'cost', 'double'],
  ['edge', 'cosine', 'double'],
];

/**
 * Chains as GraphML: a node for each feature in a chain, an edge for each step from one layer to the next. What is unknown is
 * left out.
 */
export function* graphml(provenance: Provenance, chains: ExportedChains): Generator<string> {
  yield '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n';
  for (const [of, name, type] of KEYS)
    yield `<key id="${name}" for="${of}" attr.name="${name}" attr.type="${type}"/>\n`;
  yield '<graph id="chains" edgedefault="directed">\n';
  yield `${data('schema', GRAPH_SCHEMA)}${data('provenance', escaped(JSON.stringify(provenance)))}\n`;
  for (const { id, nodes, edges } of chainParts(chains)) {
    for (const node of nodes) yield nodeText(node, id);
    for (const edge of edges) yield edgeText(edge);
  }
  yield '</graph>\n</graphml>\n';
}

function nodeText({ id, layer, feature }: ChainNode, chain: number): string {
  const ofLayer = layer === null ? '' : data('layer', layer);
  return `<node id="${id}">${ofLayer}${data('feature', feature)}${data('chain_id', chain)}</node>\n`;
}

function edgeText({ source, target, cost, cosine }: ChainEdge): string {
  const known = (name: string, value: number): string => (Number.isNaN(value) ? '' : data(name, value));
  return `<edge source="${source.id}" target="${target.id}">${known('cost', cost)}${known('cosine', cosine)}</edge>\n`;
}

const data = (key: string, value: string | number): string => `<data key="${key}">${value}</data>`;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
