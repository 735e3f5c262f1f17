import { InputError } from '../../matching/errors';
import { readChunks } from './byte-reader';
import type { ByteReader } from './byte-reader';
import { elementCount, shapeText } from './tensor';
import type { StoredTensor, TensorFile } from './tensor';

/** Enough for 40,000 tensors. The format allows 100 MB, which may become more than a gigabyte once they are parsed. */
export const MAX_HEADER_BYTES = 4 << 20;

/** safetensors' name of a type, our name, bytes per element. */
const TYPES = new Map<string, readonly [name: string, bytes: number]>([
  ['F64', ['float64', 8]],
  ['F32', ['float32', 4]],
  ['F16', ['float16', 2]],
  ['BF16', ['bfloat16', 2]],
  ['I64', ['int64', 8]],
  ['U64', ['uint64', 8]],
  ['I32', ['int32', 4]],
  ['U32', ['uint32', 4]],
  ['I16', ['int16', 2]],
  ['U16', ['uint16', 2]],
  ['I8', ['int8', 1]],
  ['U8', ['uint8', 1]],
  ['BOOL', ['bool', 1]],
  ['F8_E4M3', ['float8_e4m3', 1]],
  ['F8_E5M2', ['float8_e5m2', 1]],
]);

/**
 * Opens a safetensors file: reads its header only.
 *
 * @throws InputError when the header is too long, is no header, or its tensors leave the file, overlap, leave holes, or do
 * not have the size of their shape and type.
 */
export async function openSafetensors(file: ByteReader): Promise<TensorFile> {
  const headerBytes = await readHeaderLength(file);
  const header = parseJsonObject(await file.read(8, 8 + headerBytes), file.name);
  const { __metadata__: metadata = {}, ...entries } = header;
  const dataStart = 8 + headerBytes;
  const placed = Object.entries(entries).map(([name, entry]) => placeTensor(file, name, entry, dataStart));
  checkLayout(file, placed, file.bytes - dataStart);
  if (!isStrings(metadata)) throw malformed(file.name, '__metadata__', 'values that are not strings', 'strings only');
  return {
    kind: 'safetensors',
    name: file.name,
    tensors: new Map(placed.map(({ tensor }) => [tensor.name, tensor])),
    metadata,
  };
}

/** Checked by hand, because a schema would drop the key `__proto__`, which is as good as any other. */
function isStrings(value: unknown): value is Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((entry) => typeof entry === 'string');
}

interface TensorEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Checked by hand, because a schema would describe each of a million numbers that are wrong. */
function isTensorEntry(entry: unknown): entry is TensorEntry {
  if (typeof entry !== 'object' || entry === null) return false;
  const { dtype, shape, data_offsets: offsets } = entry as Record<string, unknown>;
  const isCounts = (value: unknown): value is number[] =>
    Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && (count as number) >= 0);
  return typeof dtype === 'string' && isCounts(shape) && isCounts(offsets) && offsets.length === 2;
}

interface PlacedTensor {
  readonly tensor: StoredTensor;
  readonly begin: number;
  readonly end: number;
}

async function readHeaderLength(file: ByteReader): Promise<number> {
  if (file.bytes < 8) throw malformed(file.name, 'header', `${file.bytes} bytes`, 'a safetensors file');
  const length = Number((await file.read(0, 8)).readBigUInt64LE(0));
  if (length > MAX_HEADER_BYTES) {
    throw malformed(file.name, 'header', `a length of ${length} bytes`, `at most ${MAX_HEADER_BYTES} bytes`);
  }
  if (8 + length > file.bytes) {
    throw malformed(file.name, 'header', `a file of ${file.bytes} bytes`, `a header of ${length} bytes in it`);
  }
  return length;
}

function parseJsonObject(bytes: Buffer, file: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw malformed(file, 'header', error instanceof Error ? error.message : String(error), 'a JSON object');
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  throw malformed(file, 'header', typeof parsed, 'a JSON object');
}

function placeTensor(file: ByteReader, name: string, entry: unknown, dataStart: number): PlacedTensor {
  if (!isTensorEntry(entry)) {
    throw malformed(file.name, name, 'another entry', 'dtype, shape and data_offsets of natural numbers');
  }
  const { dtype, shape, data_offsets: offsets } = entry;
  const [begin, end] = offsets;
  const [typeName, itemBytes] = TYPES.get(dtype) ?? [dtype, null];
  if (itemBytes !== null && end - begin !== elementCount([...shape, itemBytes])) {
    throw malformed(file.name, name, `${end - begin} bytes`, `the size of ${dtype} ${shapeText(shape)}`);
  }
  const tensor = {
    file: file.name,
    name,
    dtype: typeName,
    shape,
    columnMajor: false,
    bigEndian: false,
    chunks: () => readChunks(file, dataStart + begin, dataStart + end),
  };
  return { tensor, begin, end };
}

function checkLayout(file: ByteReader, placed: readonly PlacedTensor[], dataBytes: number): void {
  let position = 0;
  let previous = 'the header';
  for (const { tensor, begin, end } of [...placed].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    const found = `bytes ${begin} to ${end}`;
    if (end > dataBytes || begin > end) {
      throw malformed(file.name, tensor.name, `${found} of ${dataBytes}`, 'a place inside the file');
    }
    if (begin < position) {
      throw malformed(file.name, tensor.name, found, `no overlap with ${previous}, which ends at ${position}`);
    }
    if (begin > position) throw malformed(file.name, tensor.name, found, `no hole after ${previous} at ${position}`);
    position = end;
    previous = tensor.name;
  }
  if (position === dataBytes) return;
  throw malformed(file.name, 'header', `${dataBytes} bytes of data`, `${position} bytes, the end of ${previous}`);
}

function malformed(file: string, field: string, found: string, expected: string): InputError {
  return new InputError('the safetensors file is malformed', {
    file,
    field,
    found,
    expected,
    remedy: 'The file is probably truncated or damaged: download or copy it again.',
  });
}
