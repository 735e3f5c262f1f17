import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeText } from '../../exports/export-files';
import type { PlannedExport } from '../../exports/export-files';
import { writeExport } from '../../exports/write-export';
import { CancelledError, UsageError } from '../../matching/errors';
import { scratchFolder } from '../sae/support';

const folder = scratchFolder();
const never = new AbortController().signal;
const planned = (...pieces: string[]): PlannedExport => ({
  schema: 'test@1',
  names: [''],
  files: [{ name: '', chunks: encodeText(pieces) }],
});

it('hands on text as it is, in pieces of any length', async () => {
  const pieces = ['ä', '', 'x'.repeat(3_000_000), '→\n', 'y'.repeat(2_000_000)];
  const path = join(folder, 'new/deep/text');
  const [written] = await writeExport(path, planned(...pieces), { force: false, signal: never });
  expect(readFileSync(path, 'utf8') === pieces.join('')).toBe(true);
  expect(written).toEqual({ path, bytes: Buffer.byteLength(pieces.join('')) });
});

describe('leaves what is there as it was, and nothing unfinished,', () => {
  const path = join(folder, 'kept/file');
  const write = (chunks: AsyncIterable<Uint8Array>, signal = never) =>
    writeExport(path, { ...planned(), files: [{ name: '', chunks }] }, { force: true, signal });

  beforeEach(() => {
    mkdirSync(join(folder, 'kept'), { recursive: true });
    writeFileSync(path, 'mine');
  });
  afterEach(() => {
    expect(readFileSync(path, 'utf8')).toBe('mine');
    expect(readdirSync(join(folder, 'kept'))).toEqual(['file']);
  });

  it('when the export breaks off', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('half');
      await Promise.reject(new UsageError('no more'));
    }
    await expect(write(broken())).rejects.toThrow('no more');
  });

  it('when it is interrupted', async () => {
    const controller = new AbortController();
    async function* interrupted(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('half');
      controller.abort();
      yield await Promise.resolve(Buffer.from('more'));
    }
    await expect(write(interrupted(), controller.signal)).rejects.toThrow(CancelledError);
  });

  it('when it would be replaced without force', async () => {
    const before = writeExport(path, planned('new'), { force: false, signal: never });
    await expect(before).rejects.toThrow(/--output: the file is there already/);
  });

  it('when it is a folder that is named', async () => {
    const before = writeExport(join(folder, 'kept'), planned('new'), { force: true, signal: never });
    await expect(before).rejects.toThrow(/the folder is there already\. This format is one file/);
  });
});

it('names the flag where a file stands in the way', async () => {
  writeFileSync(join(folder, 'in-the-way'), '');
  const write = writeExport(join(folder, 'in-the-way/x'), planned('new'), { force: false, signal: never });
  await expect(write).rejects.toThrow(/cannot write .*in-the-way\/x \(E\w+\).*another --output/);
});
