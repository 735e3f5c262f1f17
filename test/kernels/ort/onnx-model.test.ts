import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { encodeOnnxModel } from '../../../kernels/ort/onnx-model';
import type { OnnxGraph } from '../../../kernels/ort/onnx-model';

interface Ran {
  readonly inputMetadata: readonly object[];
  readonly outputMetadata: readonly object[];
  readonly results: Readonly<Record<string, { type: string; shape: number[]; data: number[] }>>;
}

/** What the runtime, an independent reader of the format, makes of a model. */
function run(graph: OnnxGraph, inputs: Readonly<Record<string, { shape: number[]; data: number[] }>>): Ran {
  const input = JSON.stringify({ model: Buffer.from(encodeOnnxModel(graph)).toString('base64'), inputs });
  const program = join(__dirname, 'run-model.cjs');
  const env = { ...process.env, ORT_DISABLE_TELEMETRY: '1' };
  return JSON.parse(execFileSync(process.execPath, [program], { input, env, encoding: 'utf8' })) as Ran;
}

const similarity: OnnxGraph = {
  inputs: [{ name: 'source', type: 'float32', shape: ['rows', 2] }],
  initializers: [
    { name: 'target', type: 'float32', shape: [3, 2], data: Float32Array.of(99, 1, 2, 3, 4, 5, 6).subarray(1) },
    { name: 'k', type: 'int64', shape: [1], data: BigInt64Array.of(2n) },
  ],
  nodes: [
    {
      operator: 'Gemm',
      inputs: ['source', 'target'],
      outputs: ['all'],
      attributes: { transB: 1, alpha: { float: 0.5 } },
    },
    {
      operator: 'TopK',
      inputs: ['all', 'k'],
      outputs: ['values', 'columns'],
      attributes: { axis: -1, largest: 1 },
    },
  ],
  outputs: [
    { name: 'values', type: 'float32', shape: ['rows', 2] },
    { name: 'columns', type: 'int64', shape: ['rows', 2] },
  ],
};

test('the runtime reads names, types, named sizes, constants and attributes as they were given', () => {
  const { inputMetadata, outputMetadata, results } = run(similarity, {
    source: { shape: [2, 2], data: [1, 1, 1, -1] },
  });
  expect(inputMetadata).toEqual([{ name: 'source', isTensor: true, type: 'float32', shape: ['rows', 2] }]);
  expect(outputMetadata).toMatchObject([
    { name: 'values', type: 'float32', shape: ['rows', 2] },
    { name: 'columns', type: 'int64', shape: ['rows', 2] },
  ]);
  expect(results.values).toEqual({ type: 'float32', shape: [2, 2], data: [5.5, 3.5, -0.5, -0.5] });
  expect(results.columns).toEqual({ type: 'int64', shape: [2, 2], data: [2, 1, 0, 1] });
});

test('8-bit constants keep their sign and the product of integers is exact', () => {
  const graph: OnnxGraph = {
    inputs: [],
    initializers: [
      { name: 'a', type: 'uint8', shape: [1, 2], data: Uint8Array.of(255, 1) },
      { name: 'b', type: 'int8', shape: [2, 1], data: Int8Array.of(-128, 127) },
    ],
    nodes: [{ operator: 'MatMulInteger', inputs: ['a', 'b'], outputs: ['c'] }],
    outputs: [{ name: 'c', type: 'int32', shape: [1, 1] }],
  };
  expect(run(graph, {}).results.c).toEqual({ type: 'int32', shape: [1, 1], data: [255 * -128 + 127] });
});
