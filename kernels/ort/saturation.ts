import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { OrtDevice } from '../ort-device';
import { executionProviders } from './execution-provider';
import { encodeOnnxModel } from './onnx-model';

const ROWS = 4;
const WIDTH = 64;
const COLUMNS = 32;
const answers = new Map<OrtDevice, Promise<boolean>>();

/**
 * Whether products of unsigned with signed bytes lose bits here: on CPUs with AVX2 and no VNNI two products are added in
 * 16 bits, and the sum saturates. Products of unsigned with unsigned bytes take another way and do not. Found out by
 * multiplying the largest codes, once a process.
 */
export function columnsSaturate(device: OrtDevice): Promise<boolean> {
  const known = answers.get(device);
  if (known !== undefined) return known;
  const answer = multiplyLargest(device).then((products) => products.some((value) => value !== WIDTH * 127 * 127));
  answers.set(device, answer);
  return answer;
}

async function multiplyLargest(device: OrtDevice): Promise<Int32Array> {
  const model = encodeOnnxModel({
    inputs: [{ name: 'rows', type: 'uint8', shape: [ROWS, WIDTH] }],
    initializers: [
      { name: 'columns', type: 'int8', shape: [WIDTH, COLUMNS], data: new Int8Array(WIDTH * COLUMNS).fill(127) },
      { name: 'zero', type: 'uint8', shape: [], data: Uint8Array.of(128) },
    ],
    nodes: [{ operator: 'MatMulInteger', inputs: ['rows', 'columns', 'zero'], outputs: ['products'] }],
    outputs: [{ name: 'products', type: 'int32', shape: [ROWS, COLUMNS] }],
  });
  const session = await InferenceSession.create(model, {
    executionProviders: executionProviders(device),
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const rows = new Tensor('uint8', new Uint8Array(ROWS * WIDTH).fill(255), [ROWS, WIDTH]);
  const { products } = await session.run({ rows });
  await session.release();
  return products!.data as Int32Array;
}
