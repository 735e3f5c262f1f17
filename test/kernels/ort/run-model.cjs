// Runs an ONNX model on the CPU, apart from jest, whose typed arrays the runtime refuses. Standard input: JSON
// { model: base64, inputs: { name: { shape, data } } }; standard output: JSON { inputs, outputs, results }.
const { readFileSync } = require('node:fs');
const { InferenceSession, Tensor } = require('onnxruntime-node');

async function main() {
  const { model, inputs } = JSON.parse(readFileSync(0, 'utf8'));
  const session = await InferenceSession.create(Buffer.from(model, 'base64'), { intraOpNumThreads: 1 });
  const feeds = Object.entries(inputs).map(([name, { shape, data }]) => [
    name,
    new Tensor('float32', Float32Array.from(data), shape),
  ]);
  const results = Object.entries(await session.run(Object.fromEntries(feeds))).map(([name, { type, dims, data }]) => [
    name,
    { type, shape: dims, data: Array.from(data, Number) },
  ]);
  const { inputMetadata, outputMetadata } = session;
  process.stdout.write(JSON.stringify({ inputMetadata, outputMetadata, results: Object.fromEntries(results) }));
}

void main();
