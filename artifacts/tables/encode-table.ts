import type { DecodedArray, SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { SaeMatchError } from '../../matching/errors';
import { canonicalJson } from '../json';
import { isNull, type ColumnValue } from './column';
import { METADATA_KEYS, schemaId } from './table';
import type { ColumnArrays, ColumnSchema, ColumnType, TableData, TableMetadata, TableSchema } from './table';

/** Rows of a row group. */
const ROW_GROUP_ROWS = 131_072;

/**
 * A table as a Parquet file: Snappy, encodings PLAIN and dictionary only, statistics, row groups of 131,072 rows. The
 * bytes are a function of the arguments alone. A -0 is stored as 0.
 *
 * @throws SaeMatchError when columns differ in length, a required column has no value, or a number is infinite
 */
export function encodeTable<S extends TableSchema>(schema: S, data: TableData<S>, metadata: TableMetadata): Uint8Array {
  const arrays = data as Readonly<Record<string, ColumnArrays[ColumnType]>>;
  const columns = schema.columns.map((column) => ({ column, values: arrays[column.name]! }));
  const rows = columns[0]?.values.length ?? 0;
  for (const { column, values } of columns) checkColumn(schema, column, values, rows);
  const writer = new ByteWriter();
  const parquet = new ParquetWriter({
    writer,
    schema: parquetSchema(schema),
    codec: 'SNAPPY',
    kvMetadata: keyValues(schema, metadata),
    createdBy: 'sae-match',
  });
  for (let first = 0; first < rows; first += ROW_GROUP_ROWS) {
    const last = Math.min(rows, first + ROW_GROUP_ROWS);
    const columnData = columns.map(({ column, values }) => ({
      name: column.name,
      data: storedValues(column, values, first, last),
      // The writer would choose RLE for booleans, which older readers do not know.
      ...(column.type === 'boolean' ? { encoding: 'PLAIN' as const } : {}),
    }));
    void parquet.write({ columnData, rowGroupSize: ROW_GROUP_ROWS });
  }
  void parquet.finish();
  return new Uint8Array(writer.getBuffer());
}

function keyValues(schema: TableSchema, { inputs, options }: TableMetadata): { key: string; value: string }[] {
  return [
    { key: METADATA_KEYS.schema, value: schemaId(schema) },
    { key: METADATA_KEYS.inputs, value: canonicalJson(inputs) },
    { key: METADATA_KEYS.options, value: canonicalJson(options) },
  ];
}

const PHYSICAL_TYPES = {
  int32: { type: 'INT32' },
  float: { type: 'FLOAT' },
  double: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
} as const satisfies Record<ColumnType, Partial<SchemaElement>>;

/** The schema as it stands in a file: the root, then one element a column. */
export function parquetSchema(schema: TableSchema): SchemaElement[] {
  const columns = schema.columns.map(({ name, type, nullable }) => ({
    name,
    repetition_type: nullable ? ('OPTIONAL' as const) : ('REQUIRED' as const),
    ...PHYSICAL_TYPES[type],
  }));
  return [{ name: 'root', num_children: columns.length }, ...columns];
}

function storedValues(
  column: ColumnSchema,
  values: ColumnArrays[ColumnType],
  first: number,
  last: number
): DecodedArray {
  return Array.from(values.slice(first, last) as ArrayLike<ColumnValue>, (value) => {
    if (column.type === 'boolean') return value === 1;
    if (isNull(column.type, value)) return null;
    // Adding 0 turns -0 into 0.
    return typeof value === 'number' ? value + 0 : value;
  });
}

function checkColumn(schema: TableSchema, column: ColumnSchema, values: ColumnArrays[ColumnType], rows: number): void {
  const fail = (found: string, expected: string): never => {
    throw new SaeMatchError(`cannot store the table ${schema.name}`, { field: column.name, found, expected });
  };
  if (values.length !== rows) fail(`${values.length} rows`, `${rows} as in the first column`);
  for (let row = 0; row < rows; row++) {
    const value = values[row]!;
    if (value === Infinity || value === -Infinity) fail(`${value} in row ${row}`, 'finite numbers');
    if (!column.nullable && isNull(column.type, value)) fail(`no value in row ${row}`, 'a value in every row');
    if (column.type === 'boolean' && value !== 0 && value !== 1) fail(`${value} in row ${row}`, '0 or 1');
  }
}
