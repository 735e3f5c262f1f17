import type { EdgeList } from './edge-list';
import { STAGES } from './engine-state';
import type { EngineState, Stage } from './engine-state';
import type { Report } from './report-scan';
import type { PassState } from './tile-runner';

/** Changes whenever the layout does, or what a stage means. */
const VERSION = 2;

type Numbers = Int32Array | Float64Array | Uint8Array;
const TYPES = { i: Int32Array, d: Float64Array, b: Uint8Array } as const;
type TypeName = keyof typeof TYPES;

interface Header {
  readonly version: number;
  readonly rows: number;
  readonly columns: number;
  readonly stage: Stage;
  readonly scan: number;
  readonly passes: number;
  readonly noise: number;
  /** Null between passes; else its rows, whether each edge list is exact, and how many reports there are. */
  readonly pass: { readonly rows: number; readonly exact: readonly boolean[]; readonly reports: number } | null;
  /** Type and length of each array, in order. */
  readonly arrays: readonly (readonly [TypeName, number])[];
}

/**
 * The state of a match as bytes, in chunks that are views of its arrays: a length, a JSON header, and the arrays one after
 * the other in the machine's byte order.
 */
export function encodeCheckpoint(state: EngineState): Uint8Array[] {
  const { graph, sparse, pass } = state;
  const lists = pass === null ? [] : [...pass.edges, ...pass.soFar];
  const arrays: Numbers[] = [
    ...[graph.start, graph.column, graph.value, graph.exact],
    ...[sparse.rowDual, sparse.columnDual, sparse.positionOf, sparse.rowOf],
    ...lists.flatMap(({ row, column, similarity }) => [row, column, similarity]),
    ...(pass?.reports ?? []).flatMap(({ nearest, refuted, rowSecond, columnSecond }) => [
      ...[nearest, refuted, rowSecond, columnSecond],
    ]),
  ];
  const { stage, scan, passes, noise } = state;
  const header: Header = {
    ...{ version: VERSION, rows: graph.rows, columns: graph.columns, stage, scan, passes, noise },
    pass: pass && { rows: pass.rows, exact: lists.map(({ exact }) => exact), reports: pass.reports.length },
    arrays: arrays.map((array) => [typeOf(array), array.length]),
  };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const chunks = arrays.map((array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return [new Uint8Array(Uint32Array.of(json.length).buffer), json, ...chunks];
}

/** The state in a checkpoint; null when it is of another version, of another problem, or not whole. */
export function decodeCheckpoint(bytes: Uint8Array, problem: { rows: number; columns: number }): EngineState | null {
  const header = headerOf(bytes);
  if (header?.version !== VERSION || !STAGES.includes(header.stage)) return null;
  if (header.rows !== problem.rows || header.columns !== problem.columns) return null;
  const next = arraysOf(bytes, header);
  if (next === null) return null;
  const integers = (): Int32Array => next() as Int32Array;
  const numbers = (): Float64Array => next() as Float64Array;
  const flags = (): Uint8Array => next() as Uint8Array;
  const { rows, columns, stage, scan, passes, noise } = header;
  const graph = { rows, columns, start: integers(), column: integers(), value: numbers(), exact: flags() };
  const sparse = { rowDual: numbers(), columnDual: numbers(), positionOf: integers(), rowOf: integers() };
  let pass: PassState | null = null;
  if (header.pass !== null) {
    const edges = header.pass.exact.map((exact): EdgeList => {
      const row = integers();
      return { count: row.length, row, column: integers(), similarity: numbers(), exact };
    });
    const reports = Array.from({ length: header.pass.reports }, (): Report => {
      return { nearest: integers(), refuted: flags(), rowSecond: numbers(), columnSecond: numbers() };
    });
    pass = { rows: header.pass.rows, edges, soFar: [], reports };
  }
  return { stage, scan, passes, noise, graph, sparse, pass };
}

function headerOf(bytes: Uint8Array): Header | null {
  if (bytes.length < 4) return null;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  try {
    return JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as Header;
  } catch {
    return null;
  }
}

/** Gives the arrays one after the other; null when the bytes do not hold just them. */
function arraysOf(bytes: Uint8Array, { arrays }: Header): (() => Numbers) | null {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const size = arrays.reduce((sum, [type, count]) => sum + count * TYPES[type].BYTES_PER_ELEMENT, 4 + length);
  if (size !== bytes.length) return null;
  let index = 0;
  let at = 4 + length;
  return () => {
    const [type, count] = arrays[index++]!;
    const end = at + count * TYPES[type].BYTES_PER_ELEMENT;
    const array = new TYPES[type](new Uint8Array(bytes.subarray(at, end)).buffer);
    at = end;
    return array;
  };
}

function typeOf(array: Numbers): TypeName {
  return array instanceof Int32Array ? 'i' : array instanceof Float64Array ? 'd' : 'b';
}
