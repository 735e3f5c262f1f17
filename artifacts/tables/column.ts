import type { ColumnArrays, ColumnType } from './table';

/** One value of a column in memory. */
export type ColumnValue = string | number | null;

/** The value that stands for null in each type of column. */
const NULLS: Readonly<Record<ColumnType, ColumnValue>> = {
  int32: -1,
  float: NaN,
  double: NaN,
  boolean: 0,
  string: null,
};

/** Whether a value stands for null in a column of this type; a boolean column has no null. */
export function isNull(type: ColumnType, value: ColumnValue): boolean {
  return type !== 'boolean' && Object.is(value, NULLS[type]);
}

/** A column of nulls (of zeros, for booleans) to be filled by {@link setValues}. */
export function emptyColumn<T extends ColumnType>(type: T, rows: number): ColumnArrays[T] {
  return ALLOCATE[type](rows);
}

/** Writes values into a column from row `start` on; null and undefined become what stands for null in its type. */
export function setValues<T extends ColumnType>(
  type: T,
  column: ColumnArrays[T],
  values: ArrayLike<ColumnValue | boolean | undefined>,
  start = 0
): void {
  const target = column as ColumnValue[];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NULLS[type];
    target[start + i] = typeof value === 'boolean' ? Number(value) : value;
  }
}

const ALLOCATE: { readonly [T in ColumnType]: (rows: number) => ColumnArrays[T] } = {
  int32: (rows) => new Int32Array(rows).fill(-1),
  float: (rows) => new Float32Array(rows).fill(NaN),
  double: (rows) => new Float64Array(rows).fill(NaN),
  boolean: (rows) => new Uint8Array(rows),
  string: (rows) => new Array<string | null>(rows).fill(null),
};
