/** Pairs of a row and a column position with their similarity on the grid, in no particular order. */
export interface EdgeList {
  readonly count: number;
  readonly row: Int32Array;
  readonly column: Int32Array;
  /** S in grid steps: exact, or an approximation rounded to the grid. */
  readonly similarity: Float64Array;
  readonly exact: boolean;
}

const FIRST_CAPACITY = 1 << 12;

/** Collects edges in arrays that grow. */
export class EdgeBuffer {
  private count = 0;
  private row = new Int32Array(FIRST_CAPACITY);
  private column = new Int32Array(FIRST_CAPACITY);
  private similarity = new Float64Array(FIRST_CAPACITY);

  constructor(private readonly exact: boolean) {}

  push(row: number, column: number, similarity: number): void {
    if (this.count === this.row.length) this.grow();
    this.row[this.count] = row;
    this.column[this.count] = column;
    this.similarity[this.count] = similarity;
    this.count += 1;
  }

  /** The edges since the last time, in arrays of their own. */
  take(): EdgeList {
    const { count, exact } = this;
    const list = {
      ...{ count, exact },
      row: this.row.slice(0, count),
      column: this.column.slice(0, count),
      similarity: this.similarity.slice(0, count),
    };
    this.count = 0;
    return list;
  }

  private grow(): void {
    const capacity = this.row.length * 2;
    this.row = copied(new Int32Array(capacity), this.row);
    this.column = copied(new Int32Array(capacity), this.column);
    this.similarity = copied(new Float64Array(capacity), this.similarity);
  }
}

function copied<T extends Int32Array | Float64Array>(to: T, from: T): T {
  to.set(from);
  return to;
}
