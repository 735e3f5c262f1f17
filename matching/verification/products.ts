import type { Features } from '../features';
import type { RowMatrix } from '../row-matrix';

/** Row `index` of a matrix, a view. */
export function viewRow(matrix: RowMatrix, index: number): Float32Array {
  const start = (index % matrix.rowsPerBlock) * matrix.columns;
  return matrix.blocks[Math.floor(index / matrix.rowsPerBlock)]!.subarray(start, start + matrix.columns);
}

/** Σ_parts weight·<a_i, b_j> for all j, two target rows at a time. */
export function rowSimilarities(source: Features, target: Features, i: number, out: Float64Array): void {
  out.fill(0);
  source.parts.forEach((part, p) => {
    const a = Float64Array.from(viewRow(part.rows, i));
    const width = a.length;
    let j = 0;
    for (const block of target.parts[p]!.rows.blocks) {
      for (let start = 0; start < block.length; start += 4 * width, j += 4) {
        const sums = quadDot(a, block, start, Math.min(4, (block.length - start) / width));
        for (let q = 0; q < sums.length && j + q < out.length; q++) out[j + q] = out[j + q]! + part.weight * sums[q]!;
      }
    }
  });
}

const quad = new Float64Array(4);

/** Dot products of `a` with `count` ≤ 4 consecutive rows of `block`, starting at element `start`. */
function quadDot(a: Float64Array, block: Float32Array, start: number, count: number): Float64Array {
  const width = a.length;
  if (count < 4) {
    for (let q = 0; q < count; q++) {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += a[k]! * block[start + q * width + k]!;
      quad[q] = sum;
    }
    return quad.subarray(0, count);
  }
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let k = 0, o = start; k < width; k++, o++) {
    const x = a[k]!;
    s0 += x * block[o]!;
    s1 += x * block[o + width]!;
    s2 += x * block[o + 2 * width]!;
    s3 += x * block[o + 3 * width]!;
  }
  quad[0] = s0;
  quad[1] = s1;
  quad[2] = s2;
  quad[3] = s3;
  return quad;
}

/** Σ_parts weight·<a_i, b_j>. */
export function similarityOf(source: Features, target: Features, i: number, j: number): number {
  let total = 0;
  source.parts.forEach((part, p) => {
    const a = viewRow(part.rows, i);
    const b = viewRow(target.parts[p]!.rows, j);
    let sum = 0;
    for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
    total += part.weight * sum;
  });
  return total;
}
