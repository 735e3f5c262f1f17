import { BLOCK } from '../../matching/engine/shared-problem';
import type { SharedProblem } from '../../matching/engine/shared-problem';
import { encodeOnnxModel } from './onnx-model';
import type { OnnxGraph, OnnxInitializer, OnnxNode } from './onnx-model';

/** Zero point of unsigned codes. */
const ZERO = 128;

/**
 * The graph of one problem: codes of `tileRows` rows times all columns, the largest value of each block, and, where they
 * are kept, the values in half precision. The columns are a constant of the graph, so that the runtime packs them once.
 *
 * @param unsigned whether the integer codes of the columns are shifted to unsigned bytes
 */
export function encodeTileModel(problem: SharedProblem, unsigned: boolean): Uint8Array {
  const { tileRows, paddedColumns, blocks, width, storage, arithmetic } = problem;
  const integer = arithmetic.kind === 'integer';
  const graph: OnnxGraph = {
    inputs: [{ name: 'rows', type: integer ? 'uint8' : 'float32', shape: [tileRows, width] }],
    initializers: [
      ...(integer ? integerColumns(problem, unsigned) : [floatColumns(problem)]),
      { name: 'block_shape', type: 'int64', shape: [3], data: BigInt64Array.of(-1n, BigInt(blocks), BigInt(BLOCK)) },
    ],
    nodes: [
      integer ? INTEGER_PRODUCT : FLOAT_PRODUCT,
      { operator: 'Reshape', inputs: ['values', 'block_shape'], outputs: ['blocks'] },
      { operator: 'ReduceMax', inputs: ['blocks'], outputs: ['block_largest'], attributes: { axes: [2], keepdims: 0 } },
      ...(storage === 'half' ? [TO_HALF] : []),
    ],
    outputs: [
      { name: 'values', type: 'float32', shape: [tileRows, paddedColumns] },
      { name: 'block_largest', type: 'float32', shape: [tileRows, blocks] },
      ...(storage === 'half' ? [{ name: 'halves', type: 'float16', shape: [tileRows, paddedColumns] } as const] : []),
    ],
  };
  return encodeOnnxModel(graph);
}

const FLOAT_PRODUCT: OnnxNode = { operator: 'MatMul', inputs: ['rows', 'columns'], outputs: ['values'] };

const INTEGER_PRODUCT: OnnxNode = {
  operator: 'MatMulIntegerToFloat',
  domain: 'com.microsoft',
  inputs: ['rows', 'columns', 'row_scale', 'column_scale', 'row_zero', 'column_zero'],
  outputs: ['values'],
};

const TO_HALF: OnnxNode = { operator: 'Cast', inputs: ['values'], outputs: ['halves'], attributes: { to: 10 } };

function floatColumns({ width, paddedColumns, columnCodes }: SharedProblem): OnnxInitializer {
  return { name: 'columns', type: 'float32', shape: [width, paddedColumns], data: columnCodes };
}

function integerColumns(problem: SharedProblem, unsigned: boolean): OnnxInitializer[] {
  const { width, paddedColumns, columnCodes, columnScale } = problem;
  const type = unsigned ? 'uint8' : 'int8';
  const data = unsigned ? shifted(columnCodes as Int8Array) : columnCodes;
  const zero = unsigned ? Uint8Array.of(ZERO) : Int8Array.of(0);
  return [
    { name: 'columns', type, shape: [width, paddedColumns], data },
    { name: 'row_scale', type: 'float32', shape: [], data: Float32Array.of(1) },
    { name: 'column_scale', type: 'float32', shape: [paddedColumns], data: columnScale },
    { name: 'row_zero', type: 'uint8', shape: [], data: Uint8Array.of(ZERO) },
    { name: 'column_zero', type, shape: [], data: zero },
  ];
}

function shifted(codes: Int8Array): Uint8Array {
  const result = new Uint8Array(codes.length);
  for (let n = 0; n < codes.length; n++) result[n] = codes[n]! + ZERO;
  return result;
}
