import { availableParallelism } from 'node:os';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { encodeOnnxModel } from './onnx-model';

/** Products of some rows with loaded columns in float32, summed in any order. */
export interface FloatProducts {
  /** @param rows `[count, width]`, row-major @returns `[count, columns]`, overwritten by the next call */
  multiply(rows: Float32Array): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * Loads columns `[width, columns]` for products on the processor, by all its cores. Runs block their thread.
 *
 * @param count rows that are multiplied at a time
 */
export async function openFloatProducts(columns: Float32Array, width: number, count: number): Promise<FloatProducts> {
  const length = columns.length / width;
  const session = await InferenceSession.create(
    encodeOnnxModel({
      inputs: [{ name: 'rows', type: 'float32', shape: [count, width] }],
      initializers: [{ name: 'columns', type: 'float32', shape: [width, length], data: columns }],
      nodes: [{ operator: 'MatMul', inputs: ['rows', 'columns'], outputs: ['products'] }],
      outputs: [{ name: 'products', type: 'float32', shape: [count, length] }],
    }),
    {
      executionProviders: ['cpu'],
      intraOpNumThreads: availableParallelism(),
      interOpNumThreads: 1,
      logSeverityLevel: 3,
      enableCpuMemArena: false,
    }
  );
  const out = new Float32Array(count * length);
  const products = new Tensor('float32', out, [count, length]);
  return {
    multiply: async (rows) => {
      await session.run({ rows: new Tensor('float32', rows, [count, width]) }, { products });
      return out;
    },
    close: () => session.release(),
  };
}
