/** Physical type of a column; `string` is UTF-8. */
export type ColumnType = 'int32' | 'float' | 'double' | 'boolean' | 'string';

export interface ColumnSchema {
  readonly name: string;
  readonly type: ColumnType;
  /** Whether the column may hold nulls; the others are declared required in the file. */
  readonly nullable: boolean;
}

/** Columns of a table, in the order of the file. Adding a column is compatible; any other change needs a version. */
export interface TableSchema {
  readonly name: string;
  readonly version: number;
  readonly columns: readonly ColumnSchema[];
}

/** How a column is held in memory, one element a row. Null is -1 in int32, NaN in float and double, null in string. */
export interface ColumnArrays {
  readonly int32: Int32Array;
  readonly float: Float32Array;
  readonly double: Float64Array;
  /** 0 or 1; has no null. */
  readonly boolean: Uint8Array;
  readonly string: readonly (string | null)[];
}

/** The columns of a table by name. */
export type TableData<S extends TableSchema> = {
  readonly [C in S['columns'][number] as C['name']]: ColumnArrays[C['type']];
};

/** What the key-value metadata of a table say about its origin: JSON values that determine its rows, nothing else. */
export interface TableMetadata {
  /** Hashes of the inputs. */
  readonly inputs: unknown;
  /** Options that matter to the rows. */
  readonly options: unknown;
}

/** Keys of the metadata. */
export const METADATA_KEYS = {
  schema: 'sae_match.schema',
  inputs: 'sae_match.inputs',
  options: 'sae_match.options',
} as const;

/** Value of the metadata key `sae_match.schema`, for example `sae-match/matches@1`. */
export function schemaId(schema: TableSchema): string {
  return `sae-match/${schema.name}@${schema.version}`;
}

/** A column whose name and type are known to the compiler. */
export interface NamedColumn<N extends string, T extends ColumnType> extends ColumnSchema {
  readonly name: N;
  readonly type: T;
}

/** A column with a value in every row. */
export function required<N extends string, T extends ColumnType>(name: N, type: T): NamedColumn<N, T> {
  return { name, type, nullable: false };
}

/** A column that may hold nulls. */
export function nullable<N extends string, T extends Exclude<ColumnType, 'boolean'>>(
  name: N,
  type: T
): NamedColumn<N, T> {
  return { name, type, nullable: true };
}
