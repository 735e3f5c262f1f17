import { parquetMetadata, parquetRead, type FileMetaData } from 'hyparquet';
import { ArtifactCorruptError, InputError, SaeMatchError } from '../../matching/errors';
import { emptyColumn, setValues, type ColumnValue } from './column';
import { parquetSchema } from './encode-table';
import { METADATA_KEYS, schemaId } from './table';
import type { ColumnArrays, ColumnType, TableData, TableMetadata, TableSchema } from './table';

export interface DecodedTable<S extends TableSchema> {
  readonly rows: number;
  readonly columns: TableData<S>;
  readonly metadata: TableMetadata;
}

/**
 * Reads a table of a known schema back from the bytes of its Parquet file; further columns are ignored.
 *
 * @param file name for error messages
 * @throws ArtifactCorruptError when the bytes are not such a table
 * @throws InputError when a newer version of the project wrote it
 */
export async function decodeTable<S extends TableSchema>(
  schema: S,
  bytes: Uint8Array,
  file: string = schema.name
): Promise<DecodedTable<S>> {
  return guarded(file, async () => {
    const buffer = bufferOf(bytes);
    const footer = parquetMetadata(buffer);
    const { schema: found, ...metadata } = metadataOf(footer);
    checkSchema(schema, found, file);
    checkColumns(schema, footer, file);
    const rows = Number(footer.num_rows);
    return { rows, columns: await readColumns(schema, buffer, footer, rows), metadata };
  });
}

/**
 * What a table's file says about its origin, and the `schema` it names; null where it says nothing.
 *
 * @throws ArtifactCorruptError when the bytes are not a Parquet file
 */
export async function readTableMetadata(
  bytes: Uint8Array,
  file = 'table'
): Promise<TableMetadata & { readonly schema: string | null }> {
  return guarded(file, () => metadataOf(parquetMetadata(bufferOf(bytes))));
}

async function guarded<T>(file: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof SaeMatchError) throw cause;
    throw new ArtifactCorruptError('not a readable Parquet file', { file, found: String(cause), cause });
  }
}

function metadataOf(footer: FileMetaData): TableMetadata & { readonly schema: string | null } {
  const values = new Map(footer.key_value_metadata?.map(({ key, value }) => [key, value]));
  const parse = (key: string): unknown => JSON.parse(values.get(key) ?? 'null');
  return {
    schema: values.get(METADATA_KEYS.schema) ?? null,
    inputs: parse(METADATA_KEYS.inputs),
    options: parse(METADATA_KEYS.options),
  };
}

function checkSchema(schema: TableSchema, found: string | null, file: string): void {
  const expected = schemaId(schema);
  if (found === expected) return;
  const facts = { file, field: METADATA_KEYS.schema, found: found ?? 'nothing', expected };
  const version = found?.startsWith(`sae-match/${schema.name}@`) ? Number(found.split('@')[1]) : 0;
  if (version > schema.version) {
    const remedy = 'Update sae-match';
    throw new InputError('the table was written by a newer version of sae-match', { ...facts, remedy });
  }
  throw new ArtifactCorruptError('not the table that belongs here', facts);
}

function checkColumns(schema: TableSchema, footer: FileMetaData, file: string): void {
  for (const expected of parquetSchema(schema).slice(1)) {
    const found = footer.schema.find(({ name }) => name === expected.name);
    const [foundType, expectedType] = [found, expected].map(
      (element) => element && `${element.repetition_type} ${element.type}`
    );
    if (foundType === expectedType) continue;
    throw new ArtifactCorruptError('not a column of this table', {
      file,
      field: expected.name,
      found: foundType ?? 'no such column',
      expected: expectedType!,
    });
  }
}

async function readColumns<S extends TableSchema>(
  schema: S,
  buffer: ArrayBuffer,
  metadata: FileMetaData,
  rows: number
): Promise<TableData<S>> {
  const columns: Record<string, ColumnArrays[ColumnType]> = {};
  const types = new Map(schema.columns.map(({ name, type }) => [name, type]));
  for (const [name, type] of types) columns[name] = emptyColumn(type, rows);
  let filled = 0;
  await parquetRead({
    file: buffer,
    metadata,
    columns: Object.keys(columns),
    onChunk: ({ columnName, columnData, rowStart }) => {
      setValues(types.get(columnName)!, columns[columnName]!, columnData as ArrayLike<ColumnValue>, rowStart);
      filled += columnData.length;
    },
  });
  if (filled !== rows * schema.columns.length) throw new Error(`${filled} values in ${rows} rows`);
  return columns as TableData<S>;
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
