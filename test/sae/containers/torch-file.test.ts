import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../../matching/errors';
import { rowOf } from '../../../matching/row-matrix';
import { bufferReader } from '../../../sae/containers/byte-reader';
import { openTensorFile } from '../../../sae/containers/open-tensor-file';
import { readRows, readScalar, readVector } from '../../../sae/containers/read-tensor';
import { isFloatType } from '../../../sae/containers/tensor';
import type { StoredTensor, TensorFile } from '../../../sae/containers/tensor';
import { zipOf } from '../zip-writer';

const FIXTURES = join(__dirname, '..', '..', 'fixtures', 'torch');
const bytesOf = (name: string): Buffer => readFileSync(join(FIXTURES, name));
const open = async (bytes: Buffer): Promise<TensorFile> => (await openTensorFile(bufferReader('x.pt', bytes)))!;

interface ExpectedTensor {
  readonly dtype: string;
  readonly shape: number[];
  readonly values: number[];
}
const { tensors: expected } = JSON.parse(bytesOf('strided.json').toString()) as {
  tensors: Record<string, ExpectedTensor>;
};
const floats = Object.entries(expected).filter(([, { dtype, values }]) => isFloatType(dtype) && values.length > 0);

async function valuesOf(tensor: StoredTensor): Promise<number[]> {
  const [rows = 0, columns] = tensor.shape;
  if (columns === undefined) return [...(await readVector(tensor, tensor.shape.length === 0 ? 1 : rows))];
  const matrix = await readRows(tensor, 'rows');
  return Array.from({ length: rows }, (_, row) => [...rowOf(matrix, row)]).flat();
}

/** An archive of torch.save with this pickle, and one storage of 16 bytes. */
function archiveOf(pickle: Buffer): Buffer {
  return zipOf([
    { name: 'archive/data.pkl', content: pickle },
    { name: 'archive/data/0', content: Buffer.alloc(16) },
  ]);
}

/** A pickle of one tensor of float32 in storage 0; `numbers` are offset, sizes and strides below 256. */
function tensorPickle(offset: number, sizes: readonly number[], strides: readonly number[]): Buffer {
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([0x8c, value.length]), Buffer.from(value)]);
  const tuple = (values: readonly number[]): Buffer => Buffer.from([0x28, ...values.flatMap((n) => [0x4b, n]), 0x74]);
  return Buffer.concat([
    Buffer.from([0x80, 2]),
    Buffer.from('ctorch._utils\n_rebuild_tensor_v2\n('),
    Buffer.from('('),
    text('storage'),
    Buffer.from('ctorch\nFloatStorage\n'),
    text('0'),
    text('cpu'),
    Buffer.from([0x4b, 4]),
    Buffer.from('tQ'),
    Buffer.from([0x4b, offset]),
    tuple(sizes),
    tuple(strides),
    Buffer.from([0x89]),
    Buffer.from('NtR.'),
  ]);
}

describe('a file of torch.save', () => {
  it.each(floats)('gives the elements of a view in its own order: %s', async (name, { dtype, shape, values }) => {
    const tensor = (await open(bytesOf('strided.pt'))).tensors.get(name)!;
    expect(tensor).toMatchObject({ dtype, shape });
    const found = await valuesOf(tensor);
    found.forEach((value, n) => {
      expect(value).toBeCloseTo(values[n]!, 6);
    });
    expect(found).toHaveLength(values.length);
  });

  it.each(floats)('is read the same where it was written big-endian: %s', async (name) => {
    const [little, big] = [await open(bytesOf('strided.pt')), await open(bytesOf('big-endian.pt'))];
    expect(await valuesOf(big.tensors.get(name)!)).toEqual(await valuesOf(little.tensors.get(name)!));
  });

  it('gives single integers', async () => {
    const file = await open(archiveOf(tensorPickle(1, [], [])));
    expect(await readScalar(file.tensors.get('')!)).toBe(0);
    const strided = await open(bytesOf('strided.pt'));
    await expect(readScalar(strided.tensors.get('int64')!)).rejects.toThrow('single number');
  });

  it.each([
    ['evil.pt', /posix\.system|os\.system|nt\.system/],
    ['with-module.pt', /torch\.nn\.modules/],
    ['legacy.pt', /before 1\.6/],
  ])('is refused by the name of what it holds, and executes nothing: %s', async (name, reason) => {
    const opening = open(bytesOf(name));
    await expect(opening).rejects.toThrow(InputError);
    await expect(opening).rejects.toThrow(reason);
  });

  it.each([
    ['a view that ends beyond its storage', 2, [3], [1]],
    ['strides that lead beyond it', 0, [2, 2], [3, 1]],
    ['more sizes than strides', 0, [2, 2], [1]],
    ['a repeated element too often', 0, [255, 255, 255], [0, 0, 0]],
  ])('is refused for %s', async (_, offset, sizes, strides) => {
    await expect(open(archiveOf(tensorPickle(offset, sizes, strides)))).rejects.toThrow('does not fit its storage');
  });

  it('is refused for dictionaries that hold one another over and over', async () => {
    const inner = Array.from({ length: 200 }, (_, n) => [0x4b, n, 0x68, 0]).flat();
    const level = (n: number): number[] => [
      0x7d,
      0x71,
      n,
      0x28,
      ...inner.map((b, at) => (at % 4 === 3 ? n - 1 : b)),
      0x75,
    ];
    const pickle = Buffer.from([0x80, 2, 0x7d, 0x71, 0, 0x30, ...[1, 2, 3, 4].flatMap(level), 0x2e]);
    await expect(open(archiveOf(pickle))).rejects.toThrow(InputError);
  });
});
