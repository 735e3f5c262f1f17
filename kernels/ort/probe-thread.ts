import { parentPort, workerData } from 'node:worker_threads';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import type { OrtDevice } from '../ort-device';
import { executionProviders } from './execution-provider';
import { encodeOnnxModel } from './onnx-model';
import type { ProbeVerdict } from './run-probe';

/** A [2, 3] times a constant B [3, 2]; whole numbers, so that every arithmetic in use gives exactly A·B. */
const A = Float32Array.of(1, 2, 3, 4, 5, 6);
const B = Float32Array.of(7, 8, 9, 10, 11, 12);
const PRODUCT = [58, 64, 139, 154];

/** Entry of the thread that uses one device of onnxruntime-node, named by `workerData`, and posts a {@link ProbeVerdict}. */
async function main(): Promise<void> {
  parentPort!.postMessage(await probe(workerData as OrtDevice));
}

async function probe(device: OrtDevice): Promise<ProbeVerdict> {
  try {
    const product = await multiplyOn(device);
    if (PRODUCT.every((value, index) => product[index] === value)) {
      return { works: true, detail: `onnxruntime ${env.versions.node ?? 'of unknown version'}` };
    }
    return { works: false, detail: `it computed ${product.join(', ')} instead of ${PRODUCT.join(', ')}` };
  } catch (error) {
    return { works: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

async function multiplyOn(device: OrtDevice): Promise<number[]> {
  const model = encodeOnnxModel({
    inputs: [{ name: 'a', type: 'float32', shape: [2, 3] }],
    initializers: [{ name: 'b', type: 'float32', shape: [3, 2], data: B }],
    nodes: [{ operator: 'MatMul', inputs: ['a', 'b'], outputs: ['c'] }],
    outputs: [{ name: 'c', type: 'float32', shape: [2, 2] }],
  });
  const session = await InferenceSession.create(model, {
    executionProviders: executionProviders(device),
    intraOpNumThreads: 1,
    // Without this a provider that cannot take the product leaves it to the CPU without a word.
    ...(device !== 'cpu' && { extra: { session: { disable_cpu_ep_fallback: '1' } } }),
  });
  const { c } = await session.run({ a: new Tensor('float32', A, [2, 3]) });
  return Array.from(c!.data as Float32Array);
}

void main();
