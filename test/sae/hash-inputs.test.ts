import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CancelledError, InputError } from '../../matching/errors';
import { hashInputs } from '../../sae/hash-inputs';
import { resolveSaeArgument } from '../../sae/sae-argument';
import { openSource } from '../../sae/sources/open-source';
import { FIXTURES, put, scratchFolder } from './support';

const scratch = scratchFolder();
const folder = join(FIXTURES, 'saelens-variants', 'v6-jumprelu');

describe('hashInputs', () => {
  it('gives size and SHA-256 of every file that determines the weights', async () => {
    const { source, entry } = await resolveSaeArgument(folder);
    const expected = ['cfg.json', 'sae_weights.safetensors'].map((path) => {
      const content = readFileSync(join(folder, path));
      return { path, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
    });
    expect(await hashInputs(source, entry)).toEqual(expected);
  });

  it('streams a large file and reports progress up to the total', async () => {
    const bytes = 5 << 20;
    const file = put(scratch, 'large.npz', Buffer.alloc(bytes, 7));
    const source = await openSource(file);
    const seen: number[] = [];
    const onProgress = (done: number, total: number): void => {
      expect(total).toBe(bytes);
      seen.push(done);
    };
    await hashInputs(source, { files: [{ path: 'large.npz', bytes }] }, { onProgress });
    expect(seen.length).toBeGreaterThan(4);
    expect(seen.at(-1)).toBe(bytes);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it('stops when the signal is aborted', async () => {
    const { source, entry } = await resolveSaeArgument(folder);
    await expect(hashInputs(source, entry, { signal: AbortSignal.abort() })).rejects.toThrow(CancelledError);
  });

  it('refuses a file whose size is not the listed one', async () => {
    const { source, entry } = await resolveSaeArgument(folder);
    const files = entry.files.map((file) => ({ ...file, bytes: file.bytes + 1 }));
    await expect(hashInputs(source, { files })).rejects.toThrow(InputError);
    await expect(hashInputs(source, { files })).rejects.toThrow(/changed while it was being read/);
  });
});
