import type { AssignmentProblem, AssignmentSolution } from './dense-problem';
import { SaeMatchError } from '../../../matching/errors';
import { rowOf } from '../../../matching/row-matrix';

/** Called once in a while with the number of rows done. */
export type RowsDone = (done: number, total: number) => void;

/**
 * Shortest augmenting paths on the dense grid costs (D. F. Crouse, "On implementing 2D rectangular assignment
 * algorithms", IEEE TAES 52(4), 2016, as in scipy's rectangular_lsap): each row is added by one Dijkstra search over
 * reduced costs, prices are moved so that they stay feasible, O(n²m). All numbers are integers below 2^53, hence exact.
 *
 * Rows are the side that must be matched (or the sources when both or neither may stay out). Optional rows own a
 * private dummy column of cost 0. Ties prefer a column that is still free, then the lowest index.
 *
 * @throws SaeMatchError when the problem is infeasible or prices leave the exact range.
 */
export function solveDense(problem: AssignmentProblem, rowsDone?: RowsDone): AssignmentSolution {
  const transposed = problem.sourcesOptional && !problem.targetsOptional;
  const view = transposed ? transposedCosts(problem) : directCosts(problem);
  if (!view.rowsOptional && view.rows > view.columns) {
    throw new SaeMatchError('more features must be matched than there are partners', {
      found: `${view.rows} features that must match, ${view.columns} partners`,
    });
  }
  const state = createState(view);
  if (!view.rowsOptional && !view.columnsOptional) reduceColumns(view, state);
  for (let row = 0; row < view.rows; row++) {
    if (state.columnOfRow[row] === UNASSIGNED) augment(view, state, row);
    if (rowsDone !== undefined && (row & 63) === 63) rowsDone(row + 1, view.rows);
  }
  checkExact(state);
  return asSolution(view, state, transposed);
}

const UNASSIGNED = -1;
const OUT = -2;

interface CostView {
  readonly rows: number;
  readonly columns: number;
  readonly rowsOptional: boolean;
  readonly columnsOptional: boolean;
  /** Writes the grid costs of one row into `out`. */
  readonly costs: (row: number, out: Float64Array) => void;
}

interface State {
  readonly rowDual: Float64Array;
  readonly columnDual: Float64Array;
  readonly columnOfRow: Int32Array;
  readonly rowOfColumn: Int32Array;
  readonly distance: Float64Array;
  readonly previousRow: Int32Array;
  readonly remaining: Int32Array;
  readonly scannedRows: Int32Array;
  readonly scannedColumns: Int32Array;
  readonly rowDistance: Float64Array;
  readonly rowCosts: Float64Array;
}

function directCosts(problem: AssignmentProblem): CostView {
  const { similarity, sourceTerm, targetTerm } = problem;
  return {
    rows: similarity.rows,
    columns: similarity.columns,
    rowsOptional: problem.sourcesOptional,
    columnsOptional: problem.targetsOptional,
    costs: (row, out) => {
      const values = rowOf(similarity, row);
      const term = sourceTerm[row]!;
      for (let j = 0; j < out.length; j++) out[j] = term + targetTerm[j]! - 2 * values[j]!;
    },
  };
}

function transposedCosts(problem: AssignmentProblem): CostView {
  const { similarity, sourceTerm, targetTerm } = problem;
  const { blocks, rowsPerBlock, columns: width } = similarity;
  return {
    rows: similarity.columns,
    columns: similarity.rows,
    rowsOptional: problem.targetsOptional,
    columnsOptional: problem.sourcesOptional,
    costs: (row, out) => {
      const term = targetTerm[row]!;
      let i = 0;
      for (const block of blocks) {
        for (let r = 0; r < rowsPerBlock && i < out.length; r++, i++) {
          out[i] = sourceTerm[i]! + term - 2 * block[r * width + row]!;
        }
      }
    },
  };
}

function createState(view: CostView): State {
  return {
    rowDual: new Float64Array(view.rows),
    columnDual: new Float64Array(view.columns),
    columnOfRow: new Int32Array(view.rows).fill(UNASSIGNED),
    rowOfColumn: new Int32Array(view.columns).fill(UNASSIGNED),
    distance: new Float64Array(view.columns),
    previousRow: new Int32Array(view.columns),
    remaining: new Int32Array(view.columns),
    scannedRows: new Int32Array(view.rows + 1),
    scannedColumns: new Int32Array(view.columns),
    rowDistance: new Float64Array(view.rows),
    rowCosts: new Float64Array(view.columns),
  };
}

/** Starting prices V_j = min_i C_ij, then every row takes a free column that is tight: shortens the searches. */
function reduceColumns(view: CostView, state: State): void {
  const { columnDual, rowDual, rowCosts, columnOfRow, rowOfColumn } = state;
  columnDual.fill(Infinity);
  for (let row = 0; row < view.rows; row++) {
    view.costs(row, rowCosts);
    for (let j = 0; j < rowCosts.length; j++) if (rowCosts[j]! < columnDual[j]!) columnDual[j] = rowCosts[j]!;
  }
  for (let row = 0; row < view.rows; row++) {
    view.costs(row, rowCosts);
    let least = Infinity;
    for (let j = 0; j < rowCosts.length; j++) least = Math.min(least, rowCosts[j]! - columnDual[j]!);
    rowDual[row] = least;
    for (let j = 0; j < rowCosts.length; j++) {
      if (rowOfColumn[j] !== UNASSIGNED || rowCosts[j]! - columnDual[j]! !== least) continue;
      columnOfRow[row] = j;
      rowOfColumn[j] = row;
      break;
    }
  }
}

/** One shortest augmenting path from `start` to a free column, or to a row on the way that may stay out. */
function augment(view: CostView, state: State, start: number): void {
  const { rowDual, columnDual, rowOfColumn, distance, previousRow, remaining, rowDistance, rowCosts } = state;
  let left = view.columns;
  for (let j = 0; j < left; j++) remaining[j] = left - 1 - j;
  distance.fill(Infinity);
  let rowCount = 0;
  let columnCount = 0;
  let row = start;
  let reached = 0;
  let outCost = Infinity;
  let outRow = UNASSIGNED;
  let sink = UNASSIGNED;
  while (sink === UNASSIGNED) {
    state.scannedRows[rowCount++] = row;
    rowDistance[row] = reached;
    if (view.rowsOptional && reached - rowDual[row]! < outCost) {
      outCost = reached - rowDual[row]!;
      outRow = row;
    }
    view.costs(row, rowCosts);
    const offset = reached - rowDual[row]!;
    let least = Infinity;
    let best = -1;
    for (let r = 0; r < left; r++) {
      const j = remaining[r]!;
      const through = offset + rowCosts[j]! - columnDual[j]!;
      if (through < distance[j]!) {
        distance[j] = through;
        previousRow[j] = row;
      }
      const d = distance[j]!;
      if (d < least || (d === least && rowOfColumn[j] === UNASSIGNED)) {
        least = d;
        best = r;
      }
    }
    if (outCost <= least) {
      sink = OUT;
      reached = outCost;
      break;
    }
    if (best < 0) throw new SaeMatchError('the assignment problem has no feasible solution');
    reached = least;
    const column = remaining[best]!;
    remaining[best] = remaining[--left]!;
    if (rowOfColumn[column] === UNASSIGNED) {
      sink = column;
    } else {
      state.scannedColumns[columnCount++] = column;
      row = rowOfColumn[column]!;
    }
  }
  movePrices(state, rowCount, columnCount, reached);
  flipPath(state, start, sink, outRow);
}

function movePrices(state: State, rowCount: number, columnCount: number, reached: number): void {
  const { rowDual, columnDual, scannedRows, scannedColumns, rowDistance, distance } = state;
  for (let r = 0; r < rowCount; r++) {
    const row = scannedRows[r]!;
    rowDual[row] = rowDual[row]! + reached - rowDistance[row]!;
  }
  for (let c = 0; c < columnCount; c++) {
    const column = scannedColumns[c]!;
    columnDual[column] = columnDual[column]! - (reached - distance[column]!);
  }
}

function flipPath(state: State, start: number, sink: number, outRow: number): void {
  const { columnOfRow, rowOfColumn, previousRow } = state;
  let column = sink;
  if (sink === OUT) {
    column = columnOfRow[outRow]!;
    columnOfRow[outRow] = OUT;
    if (outRow === start) return;
  }
  for (;;) {
    const row = previousRow[column]!;
    rowOfColumn[column] = row;
    const next = columnOfRow[row]!;
    columnOfRow[row] = column;
    if (row === start) return;
    column = next;
  }
}

function checkExact(state: State): void {
  const limit = 2 ** 53;
  for (const duals of [state.rowDual, state.columnDual]) {
    if (duals.some((dual) => Math.abs(dual) >= limit)) {
      throw new SaeMatchError('prices left the range in which float64 is exact', {
        expected: 'prices below 2^53 grid steps',
        remedy: 'Please report this pair of SAEs.',
      });
    }
  }
}

function asSolution(view: CostView, state: State, transposed: boolean): AssignmentSolution {
  if (!transposed) {
    return {
      targetOf: state.columnOfRow.map((column) => Math.max(column, UNASSIGNED)),
      sourceDual: state.rowDual,
      targetDual: state.columnDual,
    };
  }
  const targetOf = new Int32Array(view.columns).fill(UNASSIGNED);
  for (let row = 0; row < view.rows; row++) targetOf[state.columnOfRow[row]!] = row;
  return { targetOf, sourceDual: state.columnDual, targetDual: state.rowDual };
}
