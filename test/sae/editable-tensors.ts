import { bufferReader } from '../../sae/containers/byte-reader';
import { parseNpyHeader } from '../../sae/containers/npy';
import { parsePickle } from '../../sae/containers/torch/pickle';
import { isKind } from '../../sae/containers/torch/pickled';
import type { Pickled, PickledTensor } from '../../sae/containers/torch/pickled';
import { openZip } from '../../sae/containers/zip-archive';
import { zipOf } from './zip-writer';

/** A tensor in the bytes of its file: element `index` lies at `offset + Σ index·stride`, in bytes. */
export interface EditableTensor {
  readonly name: string;
  readonly bytes: Buffer;
  readonly type: 'float16' | 'bfloat16' | 'float32' | 'float64';
  readonly bigEndian: boolean;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
}

/** The float tensors of a file of weights, to be changed in place, and the file with what they are by then. */
export async function editableTensors(file: Buffer): Promise<{ tensors: EditableTensor[]; encode: () => Buffer }> {
  if (file.subarray(0, 2).toString() !== 'PK') {
    const copy = Buffer.from(file);
    return { tensors: ofSafetensors(copy), encode: () => copy };
  }
  const members = await Promise.all(
    (await openZip(bufferReader('x', file))).map(async ({ name, content }) => {
      const parts: Buffer[] = [];
      for await (const part of content()) parts.push(part);
      return { name, content: Buffer.concat(parts) };
    })
  );
  const tensors = members.some(({ name }) => name.endsWith('data.pkl')) ? ofTorch(members) : members.flatMap(ofArray);
  return { tensors, encode: () => zipOf(members) };
}

interface Member {
  readonly name: string;
  readonly content: Buffer;
}

const TYPES: Readonly<Record<string, EditableTensor['type']>> = {
  ...{ F16: 'float16', BF16: 'bfloat16', F32: 'float32', F64: 'float64' },
  ...{ HalfStorage: 'float16', BFloat16Storage: 'bfloat16', FloatStorage: 'float32', DoubleStorage: 'float64' },
  ...{ float16: 'float16', float32: 'float32', float64: 'float64' },
};
export const ITEM_BYTES = { float16: 2, bfloat16: 2, float32: 4, float64: 8 } as const;

function ofSafetensors(bytes: Buffer): EditableTensor[] {
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  return Object.entries(header).flatMap(([name, { dtype, shape, data_offsets: offsets }]) => {
    const type = name === '__metadata__' ? undefined : TYPES[dtype];
    if (type === undefined) return [];
    const stride = contiguous(shape, ITEM_BYTES[type]);
    return [{ name, bytes, type, bigEndian: false, offset: start + offsets[0], shape, stride }];
  });
}

function ofArray({ name, content }: Member): EditableTensor[] {
  const { dtype, bigEndian, fortranOrder, shape, headerBytes } = parseNpyHeader(content, { file: 'x', field: name });
  const type = TYPES[dtype]!;
  const stride = fortranOrder
    ? contiguous([...shape].reverse(), ITEM_BYTES[type]).reverse()
    : contiguous(shape, ITEM_BYTES[type]);
  return [{ name: name.replace('.npy', ''), bytes: content, type, bigEndian, offset: headerBytes, shape, stride }];
}

function ofTorch(members: readonly Member[]): EditableTensor[] {
  const pickle = members.find(({ name }) => name.endsWith('data.pkl'))!;
  const folder = pickle.name.replace('data.pkl', 'data/');
  const found: [string, PickledTensor][] = [];
  const visit = (value: Pickled, path: readonly (string | number)[]): void => {
    if (isKind(value, 'tensor')) found.push([path.join('.'), value]);
    else if (value instanceof Map) {
      for (const [key, inner] of value as ReadonlyMap<string | number, Pickled>) visit(inner, [...path, key]);
    }
  };
  visit(parsePickle(pickle.content, { file: 'x', field: '' }), []);
  return found.flatMap(([name, { storage, offset, shape, stride }]) => {
    const type = TYPES[storage.type];
    if (type === undefined) return [];
    const bytes = members.find((member) => member.name === folder + storage.key)!.content;
    const inBytes = stride.map((step) => step * ITEM_BYTES[type]);
    return [{ name, bytes, type, bigEndian: false, offset: offset * ITEM_BYTES[type], shape, stride: inBytes }];
  });
}

function contiguous(shape: readonly number[], itemBytes: number): number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, itemBytes));
}
