import fc from 'fast-check';
import { PartsReader, splitContent } from '../../../activities/steps/folded-parts';
import { InputError } from '../../../matching/errors';

/** A content of given chunks, its parts, and a reader over them. */
function divided(lengths: readonly number[], partBytes: number) {
  let value = 0;
  const chunks = lengths.map((length) => Uint8Array.from({ length }, () => value++ % 251));
  const parts = splitContent(chunks, partBytes).map((pieces) => Buffer.concat(pieces));
  const stored = parts.map((part, index) => ({ key: String(index), bytes: part.length, crc32c: '' }));
  const opened: string[] = [];
  const reader = new PartsReader('layer', stored, ({ key }) => {
    opened.push(key);
    const read = (start: number, end: number) => Promise.resolve(parts[Number(key)]!.subarray(start, end));
    return Promise.resolve({ read, close: () => Promise.resolve() });
  });
  return { whole: Buffer.concat(chunks), parts, reader, opened };
}

describe('a content in parts', () => {
  it('is read as if it were one: any range, and each part opened once', async () => {
    const lengths = fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(lengths, fc.integer({ min: 1, max: 30 }), fc.nat(), fc.nat(), async (sizes, partBytes, x, y) => {
        const { whole, parts, reader, opened } = divided(sizes, partBytes);
        expect(Buffer.concat(parts)).toEqual(whole);
        for (const part of parts) expect(part.length).toBeLessThanOrEqual(Math.max(partBytes, 0));
        const [start, end] = [x % (whole.length + 1), y % (whole.length + 1)].sort((a, b) => a - b) as [number, number];
        expect(await reader.read(start, end)).toEqual(whole.subarray(start, end));
        expect(await reader.read(0, whole.length)).toEqual(whole);
        expect(new Set(opened).size).toBe(opened.length);
      })
    );
  });

  it('is one part where one holds it', () => {
    expect(divided([10, 600, 10], 620).parts).toHaveLength(1);
  });

  it('has what is small apart from what is large', () => {
    const { parts } = divided([10, 1500, 700, 5, 5], 1000);
    expect(parts.map(({ length }) => length)).toEqual([10, 1000, 1000, 200, 10]);
  });

  it('cannot be read beyond its end', async () => {
    const { reader } = divided([10, 20], 8);
    await expect(reader.read(20, 31)).rejects.toThrow(InputError);
  });
});
