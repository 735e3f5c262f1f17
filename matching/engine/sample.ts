import type { RowValues } from './scan-frame';
import type { SharedProblem } from './shared-problem';

/** The `rank`-th largest cosine of row `i` with the columns, by approximate values; 0 for a zero row. */
export function sampleCosine(problem: SharedProblem, i: number, { values, start }: RowValues, rank: number): number {
  const { columns, order, columnSquared } = problem;
  const norm = Math.sqrt(problem.rowSquared[i]!);
  if (norm === 0) return 0;
  const cosines = new Float64Array(columns);
  for (let p = 0; p < columns; p++) {
    const other = Math.sqrt(columnSquared[order[p]!]!);
    cosines[p] = other === 0 ? 0 : (problem.rowScale[i]! * values[start + p]!) / (norm * other);
  }
  cosines.sort();
  return cosines[Math.max(0, columns - rank)]!;
}
