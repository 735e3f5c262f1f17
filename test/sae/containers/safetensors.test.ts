import fc from 'fast-check';
import { InputError } from '../../../matching/errors';
import { bufferReader } from '../../../sae/containers/byte-reader';
import { readBytes, readVector } from '../../../sae/containers/read-tensor';
import { openSafetensors } from '../../../sae/containers/safetensors';
import { encodeSafetensors } from '../../../sae/containers/safetensors-writer';

function fileOf(header: unknown, dataBytes: number, claimedLength?: bigint): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(claimedLength ?? BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(dataBytes)]);
}

const open = (bytes: Buffer) => openSafetensors(bufferReader('x.safetensors', bytes));
const tensor = (begin: number, end: number, shape = [(end - begin) / 4], dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('openSafetensors', () => {
  it.each([
    ['a header of terabytes', fileOf({}, 0, 1n << 42n), /length of 4398046511104 bytes/],
    ['a header longer than the file', fileOf({}, 0, 1000n), /a header of 1000 bytes/],
    ['a header that is no JSON', fileOf('{"a":', 0), /JSON/],
    ['a header that is a list', fileOf('[]', 0), /JSON object/],
    ['a file of a few bytes', Buffer.from('abc'), /3 bytes/],
    ['overlapping tensors', fileOf({ a: tensor(0, 8), b: tensor(4, 12) }, 12), /overlap with a/],
    ['two tensors in one place', fileOf({ a: tensor(0, 8), b: tensor(0, 8) }, 8), /overlap/],
    ['a hole between tensors', fileOf({ a: tensor(0, 8), b: tensor(12, 16) }, 16), /no hole/],
    ['a tensor outside the file', fileOf({ a: tensor(0, 16) }, 8), /inside the file/],
    ['data after the last tensor', fileOf({ a: tensor(0, 8) }, 12), /12 bytes of data/],
    ['a size that does not fit the shape', fileOf({ a: tensor(0, 8, [3]) }, 8), /F32 3/],
    ['an impossible shape', fileOf({ a: tensor(0, 8, [2 ** 40, 2 ** 40]) }, 8), /F32/],
    ['negative offsets', fileOf({ a: tensor(-8, 0, [2]) }, 8), /data_offsets/],
    ['offsets in the wrong order', fileOf({ a: tensor(8, 0, [0], 'X') }, 8), /inside the file/],
    ['metadata that is not text', fileOf({ __metadata__: { a: 1 } }, 0), /strings/],
  ])('refuses %s', async (_, bytes, message) => {
    await expect(open(bytes)).rejects.toThrow(InputError);
    await expect(open(bytes)).rejects.toThrow(message);
  });

  it('refuses a file that is cut off at any place', async () => {
    const whole = fileOf({ a: tensor(0, 8), b: tensor(8, 12) }, 12);
    for (let length = 0; length < whole.length; length++) {
      await expect(open(whole.subarray(0, length))).rejects.toThrow(InputError);
    }
  });

  it('keeps a tensor of an unknown type but does not read it as floats', async () => {
    const { tensors } = await open(fileOf({ a: tensor(0, 8, [2], 'constructor') }, 8));
    await expect(readVector(tensors.get('a')!, 2)).rejects.toThrow(/constructor/);
  });
});

describe('encodeSafetensors', () => {
  it('reads metadata of any name', async () => {
    const metadata = '{"__proto__": "a", "constructor": "b", "": "c"}';
    const { metadata: read } = await open(fileOf(`{"__metadata__": ${metadata}}`, 0));
    expect(Object.entries(read)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['', 'c'],
    ]);
  });

  it('writes what the reader reads back, the same bytes in any order of tensors and metadata', async () => {
    const values = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string(), values),
        fc.dictionary(fc.string(), fc.string()),
        async (all, metadata) => {
          const dictionary = Object.fromEntries(Object.entries(all).filter(([name]) => name !== '__metadata__'));
          const floats = Object.entries(dictionary).map(([name, numbers]) => {
            const bytes = new Uint8Array(Float32Array.from(numbers).buffer);
            return {
              name,
              dtype: 'F32' as const,
              shape: [numbers.length],
              chunks: [bytes.subarray(0, 4), bytes.subarray(4)],
            };
          });
          const mask = { name: '__mask', dtype: 'U8' as const, shape: [3], chunks: [Uint8Array.of(0, 1, 1)] };
          const encoded = encodeSafetensors([mask, ...floats], metadata);
          const bytes = Buffer.concat(encoded.chunks);
          expect(bytes.length).toBe(encoded.bytes);
          const swapped = Object.fromEntries(Object.entries(metadata).reverse());
          expect(Buffer.concat(encodeSafetensors([...floats.reverse(), mask], swapped).chunks).equals(bytes)).toBe(
            true
          );
          const file = await open(bytes);
          expect(file.metadata).toEqual(metadata);
          expect(await readBytes(file.tensors.get('__mask')!, 3)).toEqual(Uint8Array.of(0, 1, 1));
          for (const [name, numbers] of Object.entries(dictionary)) {
            const read = await readVector(file.tensors.get(name)!, numbers.length);
            expect(read).toEqual(Float64Array.from(numbers));
          }
        }
      )
    );
  });

  it('aligns the data to 8 bytes and refuses a tensor of another size than its shape', () => {
    const one = { name: 'a', dtype: 'F32' as const, shape: [1], chunks: [new Uint8Array(4)] };
    expect(encodeSafetensors([one], {}).chunks[0]!.length % 8).toBe(0);
    expect(() => encodeSafetensors([{ ...one, shape: [2] }], {})).toThrow(/4 bytes/);
  });
});
