import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../../matching/errors';
import { bufferReader } from '../../../sae/containers/byte-reader';
import { openTensorFile } from '../../../sae/containers/open-tensor-file';
import { readVector } from '../../../sae/containers/read-tensor';
import { FIXTURES } from '../support';
import { float32Npy, npyOf, zipOf } from '../zip-writer';
import type { MemberToWrite } from '../zip-writer';

const open = async (bytes: Buffer) => (await openTensorFile(bufferReader('params.npz', bytes)))!;
const vector = { name: 'b.npy', content: float32Npy([3], [1, 2, 3]) };
const withHeader = (header: string) => open(zipOf([{ name: 'b.npy', content: npyOf(header, Buffer.alloc(12)) }]));

describe('a numpy archive', () => {
  it('reads little more than headers of a large archive', async () => {
    const content = float32Npy([1_000_000], new Array<number>(1_000_000).fill(0));
    const archive = zipOf([{ name: 'a.npy', content }, vector]);
    let fetched = 0;
    const reader = bufferReader('x', archive);
    const counting = {
      ...reader,
      read: (start: number, end: number) => {
        fetched += end - start;
        return reader.read(start, end);
      },
    };
    const { tensors } = (await openTensorFile(counting))!;
    expect(tensors.get('a')!.shape).toEqual([1_000_000]);
    expect(fetched).toBeLessThan(100_000);
  });

  it.each([true, false])('reads members that are deflated: %s', async (deflate) => {
    const { tensors } = await open(zipOf([{ ...vector, deflate }]));
    expect(await readVector(tensors.get('b')!, 3)).toEqual(Float64Array.of(1, 2, 3));
  });

  it('refuses an archive that is cut off at any place', async () => {
    const archive = readFileSync(join(FIXTURES, 'gemma-variants/float16-deflated/params.npz'));
    for (let length = 0; length < archive.length; length += 7) {
      await expect(open(archive.subarray(0, length))).rejects.toThrow(InputError);
    }
  });

  const refused: [string, MemberToWrite[], RegExp][] = [
    ['a member outside the folder', [{ ...vector, name: '../b.npy' }], /\.\.\/b\.npy/],
    ['an absolute member', [{ ...vector, name: '/b.npy' }], /\/b\.npy/],
    ['two members of one name', [vector, vector], /two members named b\.npy/],
    ['a zip bomb', [{ ...vector, content: Buffer.alloc(17 << 20), deflate: true }], /unpacked/],
    ['a member that claims terabytes', [{ ...vector, deflate: true, claimedBytes: 0xfffffff0 }], /unpacked/],
    ['a member that is no array', [{ name: 'b.npy', content: Buffer.from('hello world, hello') }], /not a numpy array/],
  ];
  it.each(refused)('refuses %s', async (_, members, message) => {
    await expect(open(zipOf(members))).rejects.toThrow(InputError);
    await expect(open(zipOf(members))).rejects.toThrow(message);
  });

  it.each([true, false])('refuses content with another checksum (deflated: %s)', async (deflate) => {
    const { tensors } = await open(zipOf([{ ...vector, deflate, claimedCrc: 1 }]));
    await expect(readVector(tensors.get('b')!, 3)).rejects.toThrow(/CRC-32/);
  });

  it('refuses content that is longer or shorter than claimed', async () => {
    const bytes = vector.content.length;
    const longer = { name: 'b.npy', content: Buffer.concat([vector.content, Buffer.alloc(8)]), deflate: true };
    const { tensors } = await open(zipOf([{ ...longer, claimedBytes: bytes }]));
    await expect(readVector(tensors.get('b')!, 3)).rejects.toThrow(/more than/);
    const shorter = { name: 'b.npy', content: vector.content.subarray(0, bytes - 4), deflate: true };
    const second = await open(zipOf([{ ...shorter, claimedBytes: bytes }]));
    await expect(readVector(second.tensors.get('b')!, 3)).rejects.toThrow(InputError);
  });

  it('refuses an array whose size does not fit its shape', async () => {
    await expect(withHeader(`{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }`)).rejects.toThrow(/16 bytes/);
    const huge = `{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }`;
    await expect(withHeader(huge)).rejects.toThrow(/impossible size/);
  });

  it.each([
    ['objects', `{'descr': '|O', 'fortran_order': False, 'shape': (3,), }`],
    ['records', `{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }`],
    ['no shape', `{'descr': '<f4', 'fortran_order': False, }`],
  ])('refuses an array of %s', async (_, header) => {
    await expect(withHeader(header)).rejects.toThrow(/header cannot be read/);
  });

  it('accepts the keys of the header in any order and old integer suffixes', async () => {
    const { tensors } = await withHeader(`{'shape': (3L,), 'fortran_order': True, 'descr': '>f4'}`);
    expect(tensors.get('b')).toMatchObject({ shape: [3], bigEndian: true, dtype: 'float32' });
  });

  it('keeps an array of another type but does not read it as floats', async () => {
    const { tensors } = await withHeader(`{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }`);
    await expect(readVector(tensors.get('b')!, 3)).rejects.toThrow(/<i4/);
  });
});
