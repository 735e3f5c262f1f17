import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CancelledError, InputError } from '../../../matching/errors';
import { findExport, hashExport } from '../../../sae/scale/export-files';
import { readExport } from '../../../sae/scale/read-export';
import type { ExportedScale } from '../../../sae/scale/read-export';
import { exportRow, writeExport } from '../../support/ungated-saes';
import { put, scratchFolder } from '../support';

const scratch = scratchFolder();
const read = async (location: string, features = 4, layer: number | null = 0): Promise<ExportedScale> =>
  readExport(await findExport(location), { features, layer });
const file = (name: string, ...lines: string[]): string => put(scratch, name, lines.join('\n'));

describe('reading a features export', () => {
  it('takes maxActApprox of each feature from all batches of a source, whatever else the source holds', async () => {
    const values = Array.from({ length: 23 }, (_, i) => i + 0.5);
    const folder = writeExport(join(scratch, 'source'), values);
    for (const place of [folder, join(folder, 'features')]) {
      const { scale, missing, notPositive } = await read(place, 23);
      expect([...scale]).toEqual(values);
      expect([missing, notPositive]).toEqual([0, 0]);
    }
  });

  it('takes rows in any order, an index as a number or a text, and blank lines', async () => {
    const rows = ['', exportRow(3, 3), '  ', `${exportRow('0', 0.25)}\r`, exportRow('02', 2), exportRow(1, 1), '', ''];
    expect([...(await read(file('mixed.jsonl', ...rows))).scale]).toEqual([0.25, 1, 2, 3]);
  });

  it('reads the same plain and gzipped, also of several gzip members, whatever the name says', async () => {
    const rows = [0, 1, 2, 3].map((i) => `${exportRow(i, i + 1)}\n`);
    const packed = Buffer.concat(rows.map((row) => gzipSync(row)));
    for (const [name, content] of [['a.jsonl', rows.join('')] as const, ['b.jsonl.gz', packed] as const]) {
      expect([...(await read(put(scratch, name, content))).scale]).toEqual([1, 2, 3, 4]);
    }
    expect([...(await read(put(scratch, 'c.jsonl', packed))).scale]).toEqual([1, 2, 3, 4]);
  });

  it('counts features without a row or a number, and those whose number is 0 or less', async () => {
    const rows = [exportRow(0, 2), exportRow(1, null), exportRow(3, 0)];
    expect(await read(file('sparse.jsonl', ...rows))).toMatchObject({ missing: 2, notPositive: 1 });
    expect([...(await read(file('sparse.jsonl', ...rows))).scale]).toEqual([2, 0, 0, 0]);
  });

  it('accepts several rows of a feature that agree, and refuses others', async () => {
    expect((await read(file('same.jsonl', exportRow(1, 2), exportRow('1', 2), exportRow(1, null)))).scale[1]).toBe(2);
    const other = file('other.jsonl', exportRow(1, 2), exportRow('1', 3));
    await expect(read(other)).rejects.toThrow(
      `${other}: line 2, maxActApprox: the row does not fit (found 3 for feature 1, expected 2, as in an earlier row)`
    );
  });

  it.each([
    ['an index outside the SAE', exportRow(4, 1), /line 2, index: .*found feature 4, expected .* 0 to 3\)/],
    ['no index', '{"maxActApprox":1}', /line 2, index: .*found nothing/],
    ['an index that is no number', exportRow('x', 1), /line 2, index: .*found "x"/],
    ['a negative index', exportRow(-1, 1), /line 2, index: .*found -1/],
    ['no maxActApprox', '{"index":1}', /line 2, maxActApprox: .*found nothing, expected a finite number\)/],
    ['a text for it', '{"index":1,"maxActApprox":"2"}', /line 2, maxActApprox: .*found "2"/],
    ['one too large', '{"index":1,"maxActApprox":1e999}', /line 2, maxActApprox: .*finite/],
    ['another layer', exportRow(1, 1, 7), /line 2, layer: .*found layer 7, expected layer 0, that of the SAE\)/],
    ['no JSON', '{"index":1', /line 2: the line cannot be read/],
    ['no object', '[1, 2]', /line 2: .*found \[1,2\], expected a JSON object/],
  ])('refuses a row with %s, naming file, line and field', async (_, row, message) => {
    const broken = file('broken.jsonl', exportRow(0, 1), row);
    await expect(read(broken)).rejects.toThrow(InputError);
    await expect(read(broken)).rejects.toThrow(message);
    await expect(read(broken)).rejects.toThrow(broken);
  });

  it('takes any layer where that of the SAE is not known', async () => {
    expect((await read(file('layer.jsonl', exportRow(1, 5, 7)), 4, null)).scale[1]).toBe(5);
  });

  it('says that a gzip file ends early or is damaged', async () => {
    const packed = gzipSync(Array.from({ length: 400 }, (_, i) => exportRow(i, Math.sin(i))).join('\n'));
    const cut = put(scratch, 'cut.jsonl.gz', packed.subarray(0, packed.length - 20));
    await expect(read(cut, 400)).rejects.toThrow(`${cut}: the file ends early`);
    packed.fill(0xff, 100, 200);
    const damaged = put(scratch, 'damaged.jsonl.gz', packed);
    await expect(read(damaged, 400)).rejects.toThrow(`${damaged}: the file is damaged`);
  });

  it('stops when it is told to, and leaves a line that never ends unread', async () => {
    const found = await findExport(writeExport(join(scratch, 'stopped'), [1, 2, 3, 4]));
    const stop = (): void => {
      throw new CancelledError();
    };
    await expect(readExport(found, { features: 4, layer: 0 }, stop)).rejects.toThrow(CancelledError);
    await expect(read(put(scratch, 'long.jsonl', gzipSync(Buffer.alloc(40 << 20, 97))))).rejects.toThrow(
      'a line is too long'
    );
  });
});

describe('the files of an export', () => {
  it('are hashed as they are, to the same hashes as when they are read', async () => {
    const folder = writeExport(join(scratch, 'hashed'), [1, 2, 3, 4, 5, 6]);
    const files = await hashExport(folder);
    expect(files.map(({ path }) => path)).toEqual(['features/batch-0.jsonl.gz', 'features/batch-1.jsonl.gz']);
    const content = readFileSync(join(folder, files[0]!.path));
    expect(files[0]!.sha256).toBe(createHash('sha256').update(content).digest('hex'));
    expect((await read(folder, 6)).files).toEqual(files);
  });

  it('are missed with the folder named, and with what else a scale can be', async () => {
    await expect(hashExport(join(scratch, 'nowhere'))).rejects.toThrow(
      /nowhere: --scale: the scale cannot be read \(found no such file or folder.*Other scales are decoder_norm/
    );
    writeFileSync(put(scratch, 'empty/notes.txt', ''), 'x');
    await expect(hashExport(join(scratch, 'empty'))).rejects.toThrow(/empty: this is no features export/);
  });
});
