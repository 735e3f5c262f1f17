import { METHODS } from '../../matching/evaluation/methods';
import type { Method } from '../../matching/evaluation/methods';
import { decodeTable } from './decode-table';
import { encodeTable } from './encode-table';
import { checkRowNumbers } from './row-numbers';
import { nullable, required } from './table';
import type { TableMetadata, TableSchema } from './table';

/** The target that each method chose for every source feature, -1 where it has none. `[source features]` */
export type ChoiceTable = Readonly<Partial<Record<Method, Int32Array>>>;

const SCHEMA = {
  name: 'choices',
  version: 1,
  columns: [required('source_feature', 'int32'), ...METHODS.map((method) => nullable(method, 'int32'))],
} as const;

/** `choices.parquet`: one row a source feature, in their order, one column a method. */
export function encodeChoices(choices: ChoiceTable, features: number, metadata: TableMetadata): Uint8Array {
  const none = new Int32Array(features).fill(-1);
  const chosen = Object.fromEntries(METHODS.map((method) => [method, choices[method] ?? none]));
  const data = { source_feature: Int32Array.from({ length: features }, (_, i) => i), ...chosen };
  return encodeTable<TableSchema>(SCHEMA, data, metadata);
}

/** @throws ArtifactCorruptError when the bytes are not such a table */
export async function decodeChoices(bytes: Uint8Array, file: string): Promise<Readonly<Record<Method, Int32Array>>> {
  const { columns } = await decodeTable(SCHEMA, bytes, file);
  checkRowNumbers(columns.source_feature, 'source_feature', file);
  return columns;
}
