import type { FloatArray, RowMatrix } from '../../matching/row-matrix';
import { allFinite, decodeFloats, swapBytes } from './decode-floats';
import { FLOAT_BYTES } from './tensor';
import type { FloatType } from './tensor';

/** How a stored matrix lies on disk, and the feature-major rows that its elements go to. */
export interface Placement {
  readonly type: FloatType;
  readonly bigEndian: boolean;
  /** Whether the disk has `[d, features]`, so that elements are transposed; otherwise `[features, d]`. */
  readonly transposed: boolean;
  /** `[features, d]` */
  readonly matrix: RowMatrix<FloatArray>;
}

/** Features whose elements are written side by side: as many cache lines as stay near. */
const TILE = 64;
/** Disk rows that are written together: half a cache line of each feature. */
const UNROLLED = 8;

/**
 * Decodes a run of whole elements and writes them where they belong. Runs of a matrix may be placed in any order.
 *
 * @param bytes may be changed
 * @param at index of the first element on disk; all elements are inside the matrix
 * @returns whether all values are finite
 */
export function placeElements(bytes: Uint8Array, at: number, placement: Placement): boolean {
  return placement.transposed ? placeColumns(bytes, at, placement) : placeRows(bytes, at, placement);
}

/** Disk order is that of the rows: the elements fill blocks one after the other. */
function placeRows(bytes: Uint8Array, at: number, { type, bigEndian, matrix }: Placement): boolean {
  const perBlock = matrix.rowsPerBlock * matrix.columns;
  const itemBytes = FLOAT_BYTES[type];
  let isFinite = true;
  for (let done = 0; done < bytes.length;) {
    const position = at + done / itemBytes;
    const block = matrix.blocks[Math.floor(position / perBlock)]!;
    const offset = position % perBlock;
    const end = Math.min(bytes.length, done + (block.length - offset) * itemBytes);
    decodeFloats(bytes.subarray(done, end), type, bigEndian, block, offset);
    // Looked at now, while they are in the cache of the processor.
    isFinite &&= allFinite(block.subarray(offset, offset + (end - done) / itemBytes));
    done = end;
  }
  return isFinite;
}

/** Disk order is `[d, features]`: the rest of one disk row, then whole ones, then the beginning of another. */
function placeColumns(bytes: Uint8Array, at: number, { type, bigEndian, matrix }: Placement): boolean {
  const values = elementsOf(bytes, type, bigEndian);
  const { rows: features } = matrix;
  for (let done = 0; done < values.length;) {
    const feature = (at + done) % features;
    const left = values.length - done;
    const whole = feature === 0 ? Math.floor(left / features) : 0;
    const count = whole > 0 ? features : Math.min(left, features - feature);
    const diskRows = Math.max(1, whole);
    const panel = { values: values.subarray(done, done + diskRows * count), stride: count, diskRows };
    scatter(panel, feature, Math.floor((at + done) / features), matrix);
    done += diskRows * count;
  }
  return allFinite(values);
}

let scratch = new Float32Array(0);

/** The decoded elements of a run, until the next one: the bytes themselves where they are the numbers already. */
function elementsOf(bytes: Uint8Array, type: FloatType, bigEndian: boolean): FloatArray {
  const count = bytes.length / FLOAT_BYTES[type];
  const isHalf = type === 'float16' || type === 'bfloat16';
  if (!isHalf && bytes.byteOffset % FLOAT_BYTES[type] === 0) {
    if (bigEndian) swapBytes(bytes, type);
    const { buffer, byteOffset } = bytes;
    return type === 'float64'
      ? new Float64Array(buffer, byteOffset, count)
      : new Float32Array(buffer, byteOffset, count);
  }
  // Kept for the next run: memory that is fresh costs more than decoding into it.
  if (isHalf && scratch.length < count) scratch = new Float32Array(count);
  const values = isHalf ? scratch.subarray(0, count) : new (type === 'float64' ? Float64Array : Float32Array)(count);
  decodeFloats(bytes, type, bigEndian, values, 0);
  return values;
}

/** Elements `[disk rows, features]` of some features that lie side by side, each row `stride` after the one before. */
interface Panel {
  readonly values: FloatArray;
  readonly stride: number;
  readonly diskRows: number;
}

/** Writes a panel into columns `column …` of the features `feature …`. */
function scatter(panel: Panel, feature: number, column: number, matrix: RowMatrix<FloatArray>): void {
  const { columns: width, rowsPerBlock } = matrix;
  for (let done = 0; done < panel.stride;) {
    const row = (feature + done) % rowsPerBlock;
    const block = matrix.blocks[Math.floor((feature + done) / rowsPerBlock)]!;
    const end = Math.min(panel.stride, done + TILE, done + rowsPerBlock - row);
    scatterTile(panel, done, end, block.subarray(row * width + column), width);
    done = end;
  }
}

/** Writes features `[first, end)` of a panel to rows of `width` elements. */
function scatterTile(
  { values, stride, diskRows }: Panel,
  first: number,
  end: number,
  to: FloatArray,
  width: number
): void {
  let row = 0;
  // Few reads and one write of neighbours each: several times faster than element by element.
  for (; row + UNROLLED <= diskRows; row += UNROLLED) {
    let at = row * stride + first;
    for (let k = row, last = row + (end - first) * width; k < last; k += width, at++) {
      to[k] = values[at]!;
      to[k + 1] = values[at + stride]!;
      to[k + 2] = values[at + 2 * stride]!;
      to[k + 3] = values[at + 3 * stride]!;
      to[k + 4] = values[at + 4 * stride]!;
      to[k + 5] = values[at + 5 * stride]!;
      to[k + 6] = values[at + 6 * stride]!;
      to[k + 7] = values[at + 7 * stride]!;
    }
  }
  for (; row < diskRows; row++) {
    for (let feature = first, k = row; feature < end; feature++, k += width) to[k] = values[row * stride + feature]!;
  }
}
