import { InputError } from '../../../matching/errors';
import { bufferReader } from '../../../sae/containers/byte-reader';
import { openTensorFile } from '../../../sae/containers/open-tensor-file';
import { readScalar } from '../../../sae/containers/read-tensor';
import { openZip } from '../../../sae/containers/zip-archive';
import { float32Npy, zipOf } from '../zip-writer';

const open = (bytes: Buffer) => openTensorFile(bufferReader('x', bytes));
const archiveOf = (pickle: Buffer, deflate = false): Buffer =>
  zipOf([{ name: 'a/data.pkl', content: pickle, deflate }]);
const vector = { name: 'b.npy', content: float32Npy([3], [1, 2, 3]) };

function safetensorsOf(header: string, dataBytes = 0): Buffer {
  const text = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(dataBytes)]);
}

/** `{'aaa…': {'aaa…': …}}` */
function nestedNames(levels: number, name: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(name.length);
  const key = Buffer.concat([Buffer.from('}(X'), length, Buffer.from(name)]);
  return Buffer.concat([
    Buffer.from([0x80, 2]),
    ...Array.from({ length: levels }, () => key),
    Buffer.from(`N${'u'.repeat(levels)}.`),
  ]);
}

describe('a container is refused, in little time and memory, for', () => {
  const cases: [string, Buffer, RegExp][] = [
    [
      'a member with backslashes that lead out',
      zipOf([{ ...vector, name: '..\\b.npy' }]),
      /zip archive cannot be read/,
    ],
    [
      'more members than weights have',
      zipOf(Array.from({ length: 1001 }, (_, n) => ({ ...vector, name: `${n}.npy` }))),
      /1001 members/,
    ],
    ['a pickle of a megabyte', archiveOf(Buffer.alloc(2 << 20, 'N'), true), /at most 1048576 bytes/],
    ['a hundred thousand dictionaries', archiveOf(Buffer.alloc(200_000, '}'), true), /more than 100000 lists/],
    [
      'names of a pickle that are too long',
      archiveOf(nestedNames(3, 'n'.repeat(400))),
      /name of more than 1000 characters/,
    ],
    [
      'a header longer than 40,000 tensors need',
      safetensorsOf(`{"a":"${'x'.repeat(5 << 20)}"}`),
      /at most 4194304 bytes/,
    ],
    [
      'a million sizes that are none',
      safetensorsOf(`{"a":{"dtype":"F32","shape":[${'-1,'.repeat(1e6)}0],"data_offsets":[0,0]}}`),
      /natural numbers/,
    ],
    [
      'a name of a megabyte',
      safetensorsOf(`{"${'n'.repeat(1 << 20)}":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}`, 8),
      /1048576 characters/,
    ],
  ];
  it.each(cases)('%s', async (_, bytes, message) => {
    const opening = open(bytes);
    await expect(opening).rejects.toThrow(InputError);
    await expect(opening).rejects.toThrow(message);
    const { message: said } = (await opening.catch((reason: unknown) => reason)) as InputError;
    expect(said.length).toBeLessThan(10_000);
  });
});

it('lists in lists, deeper than any stack, hold no tensor, and nothing follows them down', async () => {
  const parts = [Buffer.alloc(90_000, ']'), Buffer.alloc(89_999, 'a'), Buffer.from('.')];
  expect((await open(archiveOf(Buffer.concat(parts), true)))!.tensors.size).toBe(0);
});

it('members that share their bytes count each, so that many of one are a bomb too', async () => {
  const one = zipOf([{ name: 'a', content: Buffer.alloc(1 << 20), deflate: true }]);
  const directory = one.indexOf('PK\x01\x02');
  const entry = one.subarray(directory, one.length - 22);
  const entries = Array.from({ length: 40 }, (_, n) => {
    const copy = Buffer.from(entry);
    copy[copy.length - 1] = 0x30 + n;
    return copy;
  });
  const end = Buffer.from(one.subarray(one.length - 22));
  end.writeUInt16LE(40, 8);
  end.writeUInt16LE(40, 10);
  end.writeUInt32LE(40 * entry.length, 12);
  const archive = Buffer.concat([one.subarray(0, directory), ...entries, end]);
  await expect(openZip(bufferReader('x', archive))).rejects.toThrow(/unpacked/);
});

it('a number is not read by a type that only every object knows', async () => {
  const file = await open(safetensorsOf('{"k":{"dtype":"constructor","shape":[1],"data_offsets":[0,4]}}', 4));
  await expect(readScalar(file!.tensors.get('k')!)).rejects.toThrow(InputError);
});
