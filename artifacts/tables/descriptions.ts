import { decodeRows, encodeRows } from './rows';
import { required } from './table';
import type { TableMetadata } from './table';

/** The description of one feature; features without one have no row. */
export interface DescriptionRow {
  readonly feature: number;
  readonly description: string;
}

const SCHEMA = {
  name: 'descriptions',
  version: 1,
  columns: [required('feature', 'int32'), required('description', 'string')],
} as const;

/** Table of the descriptions of a layer, by feature. */
export function encodeDescriptions(descriptions: readonly (string | null)[], metadata: TableMetadata): Uint8Array {
  const rows = descriptions.flatMap((description, feature) => (description === null ? [] : [{ feature, description }]));
  return encodeRows(SCHEMA, rows, metadata);
}

/**
 * Reads it back, null for a feature without a description `[features]`.
 *
 * @throws ArtifactCorruptError when the bytes are not such a table
 */
export async function decodeDescriptions(
  bytes: Uint8Array,
  features: number,
  file?: string
): Promise<(string | null)[]> {
  const descriptions = new Array<string | null>(features).fill(null);
  for (const { feature, description } of await decodeRows<DescriptionRow>(SCHEMA, bytes, file)) {
    descriptions[feature] = description;
  }
  return descriptions;
}
