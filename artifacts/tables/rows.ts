import { emptyColumn, isNull, setValues } from './column';
import { decodeTable } from './decode-table';
import { encodeTable } from './encode-table';
import type { ColumnType, TableData, TableMetadata, TableSchema } from './table';

/** One row of a small table by the names of its columns; null is null in the file. */
type Row = Readonly<Record<string, string | number | null>>;

/** A small table from its rows, in the order given. */
export function encodeRows(schema: TableSchema, rows: readonly object[], metadata: TableMetadata): Uint8Array {
  const columns = schema.columns.map(({ name, type }) => {
    const column = emptyColumn<ColumnType>(type, rows.length);
    setValues<ColumnType>(
      type,
      column,
      rows.map((row) => (row as Row)[name])
    );
    return [name, column];
  });
  return encodeTable<TableSchema>(schema, Object.fromEntries(columns) as TableData<TableSchema>, metadata);
}

/**
 * Reads it back.
 *
 * @param file name for error messages
 * @throws ArtifactCorruptError when the bytes are not such a table
 */
export async function decodeRows<R extends object>(
  schema: TableSchema,
  bytes: Uint8Array,
  file?: string
): Promise<R[]> {
  const { rows, columns } = await decodeTable(schema, bytes, file);
  return Array.from({ length: rows }, (_, row) => {
    const values = schema.columns.map(({ name, type }) => {
      const value = columns[name]![row]!;
      return [name, isNull(type, value) ? null : value];
    });
    return Object.fromEntries(values) as R;
  });
}
