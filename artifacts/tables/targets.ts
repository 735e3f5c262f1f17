import { decodeTable } from './decode-table';
import { encodeTable } from './encode-table';
import { checkRowNumbers } from './row-numbers';
import { nullable, required, type TableMetadata } from './table';

/** The matches of one pair of layers seen from the target: element j is about target feature j. */
export interface TargetTable {
  /** Feature of the source layer that is matched with target feature j `[target features]`; -1 where unmatched. */
  readonly sourceFeature: Int32Array;
}

const SCHEMA = {
  name: 'targets',
  version: 1,
  columns: [required('target_feature', 'int32'), nullable('source_feature', 'int32')],
} as const;

/** `targets.parquet`: one row a target feature, in their order. */
export function encodeTargets({ sourceFeature }: TargetTable, metadata: TableMetadata): Uint8Array {
  const target_feature = Int32Array.from(sourceFeature, (_, feature) => feature);
  return encodeTable(SCHEMA, { target_feature, source_feature: sourceFeature }, metadata);
}

/**
 * Reads `targets.parquet`.
 *
 * @param file name for error messages
 * @throws ArtifactCorruptError when the bytes are not such a table or its rows are not features 0, 1, 2, ... in order
 */
export async function decodeTargets(bytes: Uint8Array, file?: string): Promise<TargetTable> {
  const { columns } = await decodeTable(SCHEMA, bytes, file);
  checkRowNumbers(columns.target_feature, 'target_feature', file ?? SCHEMA.name);
  return { sourceFeature: columns.source_feature };
}
