import { decodeTable } from './decode-table';
import { encodeTable } from './encode-table';
import { nullable, required, type TableMetadata } from './table';

/** All chains of a run in long form: one element of every array for each feature of each chain. */
export interface ChainTable {
  /** Chains numbered by their first layer, then feature. */
  readonly chainId: Int32Array;
  readonly layer: Int32Array;
  readonly feature: Int32Array;
  /** Cost of the step to the next layer; NaN at the end of a chain. */
  readonly stepCost: Float64Array;
  /** Decoder cosine of the step to the next layer; NaN at the end of a chain or where a row is zero. */
  readonly stepCosine: Float32Array;
}

const SCHEMA = {
  name: 'chains',
  version: 1,
  columns: [
    required('chain_id', 'int32'),
    required('layer', 'int32'),
    required('feature', 'int32'),
    nullable('step_cost', 'double'),
    nullable('step_cosine', 'float'),
  ],
} as const;

/** `chains.parquet`, rows in the order given. */
export function encodeChains(table: ChainTable, metadata: TableMetadata): Uint8Array {
  const data = {
    chain_id: table.chainId,
    layer: table.layer,
    feature: table.feature,
    step_cost: table.stepCost,
    step_cosine: table.stepCosine,
  };
  return encodeTable(SCHEMA, data, metadata);
}

/**
 * Reads `chains.parquet`.
 *
 * @param file name for error messages
 * @throws ArtifactCorruptError when the bytes are not such a table
 */
export async function decodeChains(bytes: Uint8Array, file?: string): Promise<ChainTable> {
  const { columns } = await decodeTable(SCHEMA, bytes, file);
  return {
    chainId: columns.chain_id,
    layer: columns.layer,
    feature: columns.feature,
    stepCost: columns.step_cost,
    stepCosine: columns.step_cosine,
  };
}
