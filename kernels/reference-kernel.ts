import type { TileKernel } from '../matching/ports';
import type { RowMatrix } from '../matching/row-matrix';

/**
 * The plain JavaScript kernel: float64 dot products in the fixed order that defines exactness. Slow (about one
 * multiply-add a nanosecond), needs no device, and is what every other device is checked against.
 */
export function createReferenceKernel(): TileKernel {
  return {
    device: 'javascript',
    similarities(source, target, first, count, out) {
      out.fill(0, 0, count * target.count);
      source.parts.forEach((part, index) => {
        const other = target.parts[index]!;
        for (let r = 0; r < count; r++) {
          const row = Float64Array.from(rowView(part.rows, first + r));
          accumulateRow(row, part.weight, other.rows, out, r * target.count);
        }
      });
    },
  };
}

/** out[base + j] += weight · <row, target_j>, four columns at a time so that four sums are in flight. */
function accumulateRow(row: Float64Array, weight: number, target: RowMatrix, out: Float64Array, base: number): void {
  const width = row.length;
  let j = 0;
  for (const block of target.blocks) {
    const rows = width === 0 ? 0 : block.length / width;
    let r = 0;
    for (; r + 4 <= rows; r += 4, j += 4) {
      const o0 = r * width;
      const o1 = o0 + width;
      const o2 = o1 + width;
      const o3 = o2 + width;
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (let k = 0; k < width; k++) {
        const a = row[k]!;
        s0 += a * block[o0 + k]!;
        s1 += a * block[o1 + k]!;
        s2 += a * block[o2 + k]!;
        s3 += a * block[o3 + k]!;
      }
      out[base + j] = out[base + j]! + weight * s0;
      out[base + j + 1] = out[base + j + 1]! + weight * s1;
      out[base + j + 2] = out[base + j + 2]! + weight * s2;
      out[base + j + 3] = out[base + j + 3]! + weight * s3;
    }
    for (; r < rows; r++, j++) {
      let sum = 0;
      for (let k = 0, o = r * width; k < width; k++, o++) sum += row[k]! * block[o]!;
      out[base + j] = out[base + j]! + weight * sum;
    }
  }
}

function rowView(matrix: RowMatrix, index: number): Float32Array {
  const block = matrix.blocks[Math.floor(index / matrix.rowsPerBlock)]!;
  const start = (index % matrix.rowsPerBlock) * matrix.columns;
  return block.subarray(start, start + matrix.columns);
}
