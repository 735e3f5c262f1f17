import type { FeatureActivations } from '../../matching/evaluation/activations/feature-activations';
import { decodeTable } from './decode-table';
import { encodeTable } from './encode-table';
import { required } from './table';
import type { TableMetadata } from './table';

const SCHEMA = {
  name: 'activations',
  version: 1,
  columns: [required('token', 'int32'), required('feature', 'int32'), required('activation', 'float')],
} as const;

/**
 * Activations of the features of a layer on a stretch of tokens: one row for each that is not 0, by token and feature.
 *
 * @param firstToken number of the first token of the stretch
 */
export function encodeActivations(
  { tokens, starts, feature, activation }: FeatureActivations,
  firstToken: number,
  metadata: TableMetadata
): Uint8Array {
  const token = new Int32Array(feature.length);
  for (let t = 0; t < tokens; t++) token.fill(firstToken + t, starts[t], starts[t + 1]);
  return encodeTable(SCHEMA, { token, feature, activation }, metadata);
}

/**
 * Reads them back.
 *
 * @throws ArtifactCorruptError when the bytes are not such a table
 */
export async function decodeActivations(
  bytes: Uint8Array,
  stretch: { readonly firstToken: number; readonly tokens: number; readonly features: number },
  file?: string
): Promise<FeatureActivations> {
  const { columns } = await decodeTable(SCHEMA, bytes, file);
  const starts = new Uint32Array(stretch.tokens + 1);
  for (const token of columns.token) starts[token - stretch.firstToken + 1]! += 1;
  for (let t = 0; t < stretch.tokens; t++) starts[t + 1]! += starts[t]!;
  const { feature, activation } = columns;
  return { tokens: stretch.tokens, features: stretch.features, starts, feature, activation };
}
