import { InputError } from '../../../matching/errors';
import type { ByteReader } from '../byte-reader';
import { elementCount, shapeText } from '../tensor';
import type { StoredTensor, TensorFile } from '../tensor';
import type { ZipMember } from '../zip-archive';
import { MAX_PICKLE_BYTES, parsePickle } from './pickle';
import { isKind } from './pickled';
import type { Pickled, PickledTensor } from './pickled';
import { stridedChunks } from './strided';

/** PyTorch's storages: our name of the element type, bytes an element. */
const STORAGES: Readonly<Record<string, readonly [dtype: string, bytes: number]>> = {
  FloatStorage: ['float32', 4],
  DoubleStorage: ['float64', 8],
  HalfStorage: ['float16', 2],
  BFloat16Storage: ['bfloat16', 2],
  LongStorage: ['int64', 8],
  IntStorage: ['int32', 4],
  ShortStorage: ['int16', 2],
  CharStorage: ['int8', 1],
  ByteStorage: ['uint8', 1],
  BoolStorage: ['bool', 1],
};
const PICKLE = 'data.pkl';
/** Dictionaries within dictionaries, entries in all, and characters of a name: weights have far fewer. */
const MOST = { levels: 8, entries: 100_000, name: 1000 };
/** A tensor that repeats its elements may have this many all the same. */
const REPEATED_ELEMENTS = 1 << 20;

export function isTorchArchive(members: readonly ZipMember[]): boolean {
  return members.some(({ name }) => name === PICKLE || name.endsWith(`/${PICKLE}`));
}

/**
 * Opens a file of `torch.save`: an archive of a pickle and its storages. Dictionaries within dictionaries give tensors
 * named `outer.inner`; numbers and texts beside the tensors become metadata. Reads the pickle only, and executes nothing.
 *
 * @throws InputError when the pickle holds anything but tensors and plain data, or a tensor does not fit its storage.
 */
export async function openTorch(file: ByteReader, members: readonly ZipMember[]): Promise<TensorFile> {
  const pickle = members.find(({ name }) => name === PICKLE || name.endsWith(`/${PICKLE}`))!;
  const prefix = pickle.name.slice(0, -PICKLE.length);
  const byName = new Map(members.map((member) => [member.name, member]));
  const order = byName.get(`${prefix}byteorder`);
  const archive: Archive = {
    file: file.name,
    bigEndian: order !== undefined && (await order.head(3)).toString('latin1') === 'big',
    storage: (key) => byName.get(`${prefix}data/${key}`),
  };
  const origin = { file: file.name, field: PICKLE };
  const root = parsePickle(await contentOf(pickle, origin), origin);
  const tensors = new Map<string, StoredTensor>();
  const metadata: Record<string, string> = {};
  let entries = 0;
  const visit = (value: Pickled, name: string, level: number): void => {
    entries += 1;
    if (entries > MOST.entries || name.length > MOST.name) {
      throw new InputError('the file is refused', {
        ...origin,
        found: `more than ${MOST.entries} entries, or a name of more than ${MOST.name} characters`,
        expected: 'the weights of an SAE',
      });
    }
    if (isKind(value, 'tensor')) tensors.set(name, place(archive, name, value));
    else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      metadata[name] = String(value);
    } else if (value instanceof Map && level < MOST.levels) {
      for (const [key, inner] of value as ReadonlyMap<string | number, Pickled>) {
        visit(inner, name === '' ? String(key) : `${name}.${key}`, level + 1);
      }
    }
  };
  visit(root, '', 0);
  return { kind: 'torch', name: file.name, tensors, metadata };
}

interface Archive {
  readonly file: string;
  readonly bigEndian: boolean;
  readonly storage: (key: string) => ZipMember | undefined;
}

async function contentOf(member: ZipMember, origin: { file: string; field: string }): Promise<Buffer> {
  if (member.bytes > MAX_PICKLE_BYTES) {
    throw new InputError('the pickle is refused', {
      ...origin,
      found: `${member.bytes} bytes of structure`,
      expected: `at most ${MAX_PICKLE_BYTES} bytes`,
    });
  }
  const parts: Buffer[] = [];
  for await (const part of member.content()) parts.push(part);
  return Buffer.concat(parts);
}

/** Finds where a tensor lies and checks that it lies inside its storage. */
function place(archive: Archive, name: string, tensor: PickledTensor): StoredTensor {
  const { storage, shape, stride, offset } = tensor;
  const unfit = (found: string, expected: string): InputError =>
    new InputError('the tensor does not fit its storage', { file: archive.file, field: name, found, expected });
  const [dtype, itemBytes] = STORAGES[storage.type] ?? [storage.type, 1];
  const member = archive.storage(storage.key);
  if (member === undefined) throw unfit(`no storage ${storage.key}`, `a member data/${storage.key}`);
  const count = elementCount(shape);
  const last = shape.reduce((sum, size, axis) => sum + (size - 1) * (stride[axis] ?? NaN), offset);
  const elements = Math.floor(member.bytes / itemBytes);
  if (stride.length !== shape.length || Number.isNaN(count) || count > Math.max(elements, REPEATED_ELEMENTS)) {
    throw unfit(`${shapeText(shape)} in steps of ${shapeText(stride)}`, `at most ${elements} elements`);
  }
  if (count > 0 && !(last < elements)) throw unfit(`an element ${last}`, `elements below ${elements}`);
  const span = { offset, itemBytes, shape, stride };
  const columnMajor = isTransposed(shape, stride);
  return {
    ...{ file: archive.file, name, dtype: tensor.type === null ? dtype : tensor.type.replace('torch.', ''), shape },
    ...{ columnMajor, bigEndian: archive.bigEndian },
    chunks: () => stridedChunks(member, columnMajor ? { ...span, ...transposed(span) } : span),
  };
}

/** A matrix whose columns lie one after the other; one that is row-major as well is not meant. */
function isTransposed(shape: readonly number[], stride: readonly number[]): boolean {
  const [rows, columns] = shape;
  return shape.length === 2 && rows! > 1 && columns! > 1 && stride[0] === 1 && stride[1] === rows;
}

function transposed({ shape, stride }: { shape: readonly number[]; stride: readonly number[] }): {
  shape: readonly number[];
  stride: readonly number[];
} {
  return { shape: [...shape].reverse(), stride: [...stride].reverse() };
}
