import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { getRecord, putRecord } from '../../artifacts/record';
import { FileStore } from '../../artifacts/store/file-store';

const folder = mkdtempSync(join(tmpdir(), 'sae-match-record-'));
const store = new FileStore(folder);
const file = join(folder, 'record.json');

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('a record', () => {
  it('is read as it was written', async () => {
    const value = { row: { gap: 1e-9, error: null, mse: 0.1 + 0.2 }, files: ['ä', 'b'], n: -0.5 };
    await putRecord(store, 'record.json', value);
    expect(await getRecord(store, 'record.json')).toEqual(value);
  });

  it('that is missing or no JSON is null', async () => {
    expect(await getRecord(store, 'none.json')).toBeNull();
    for (const text of ['', '{', 'null', '7', '{"crc32c":"x"}', '{"content":1}']) {
      writeFileSync(file, text);
      expect(await getRecord(store, 'record.json')).toBeNull();
    }
  });

  it('of which any bit is wrong is null, or says the same', async () => {
    const value = { row: { objective: 123.456, matched: 1024 }, key: 'artifacts/matches/0f/matches.parquet' };
    await putRecord(store, 'record.json', value);
    const sound = readFileSync(file);
    await fc.assert(
      fc.asyncProperty(fc.nat(sound.length - 1), fc.nat(7), async (place, bit) => {
        const damaged = Buffer.from(sound);
        damaged[place]! ^= 1 << bit;
        writeFileSync(file, damaged);
        const read = await getRecord(store, 'record.json');
        // White space around the value may change without harm.
        if (read !== null) expect(read).toEqual(value);
      })
    );
  });
});
