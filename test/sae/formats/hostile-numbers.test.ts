import { foldLayer } from '../../../matching/folding';
import { InputError } from '../../../matching/errors';
import { loadChanged, withElements } from '../changed-source';
import { zipOf } from '../zip-writer';
import { bufferReader } from '../../../sae/containers/byte-reader';
import { openZip } from '../../../sae/containers/zip-archive';

const GATED = 'formats/saelens/gated';
const LLAMA = 'formats/llama-scope/Llama3_1-8B-Base-L8R-8x';
const OPENMOSS = 'formats/openmoss/sae/3x/jumprelu/layer3_sae_3x_jumprelu';
const LOGARITHM = 'activation_function.log_jumprelu_threshold';

describe('weights are refused that are finite, and are not once they are in raw units:', () => {
  it.each([
    ['the exponential of a gate', GATED, 'r_mag', 1000, /threshold|W_enc/],
    ['the exponential of a threshold', OPENMOSS, LOGARITHM, 1000, /threshold/],
    ['that of a threshold of SAELens', 'sae/saelens-variants/log-threshold', 'log_threshold', 1000, /threshold/],
  ])('%s', async (_, folder, tensor, value, field) => {
    const loading = loadChanged(folder, { '.safetensors': withElements(tensor, [value]) });
    await expect(loading).rejects.toThrow(InputError);
    await expect(loading).rejects.toThrow(/raw units is not finite/);
    await expect(loading).rejects.toThrow(field);
  });
});

describe('a decoder row of zeros', () => {
  /** Feature 0 of a decoder `[d, F]` or `[F, d]`. */
  const zeros = { [LLAMA]: ['decoder.weight', 24], [OPENMOSS]: ['W_D', 1] } as const;
  it.each(Object.entries(zeros))(
    'has no threshold in its own units, and is left out of folding: %s',
    async (folder, [name, step]) => {
      const sae = await loadChanged(folder, {
        '.safetensors': async (bytes) => {
          let changed = bytes;
          for (let k = 0; k < 8; k++) changed = await withElements(name, [0], k * step)(changed);
          return changed;
        },
      });
      expect(sae.threshold![0]).toBe(0);
      expect(sae.threshold!.every(Number.isFinite)).toBe(true);
      const { excluded } = foldLayer(sae, { fold: true, degenerate: 'exclude', file: 'x' });
      expect([...excluded].indexOf(1)).toBe(0);
      expect([...excluded].lastIndexOf(1)).toBe(0);
    }
  );
});

it.each([
  [0, /found 0/],
  [-4, /found -4/],
])('a file that says it keeps %d features is refused', async (k, message) => {
  const changeK = async (bytes: Buffer): Promise<Buffer> => {
    const members = await Promise.all(
      (await openZip(bufferReader('x', bytes))).map(async ({ name, content }) => {
        const parts: Buffer[] = [];
        for await (const part of content()) parts.push(part);
        return { name, content: Buffer.concat(parts) };
      })
    );
    // The only storage of four bytes that is an integer and no threshold.
    const stored = members.find(
      ({ content }) => content.length === 4 && content.readInt32LE() > 0 && content.readInt32LE() < 100
    )!;
    stored.content.writeInt32LE(k);
    return zipOf(members);
  };
  const loading = loadChanged('formats/dictionary-learning/TopK_pythia-160m-deduped', { 'ae.pt': changeK });
  await expect(loading).rejects.toThrow(InputError);
  await expect(loading).rejects.toThrow(message);
});

it('matrices of different types in one file are read each by its own, with a note', async () => {
  const sae = await loadChanged('sae/saelens-variants/v6-jumprelu', { '.safetensors': decoderAsFloat64 });
  const plain = await loadChanged('sae/saelens-variants/v6-jumprelu', {});
  expect(sae.decoder.blocks.map((block) => [...block])).toEqual(plain.decoder.blocks.map((block) => [...block]));
  expect(sae.header.notes).toContain('W_enc is stored as float32, W_dec as float64');
});

/** The same file with W_dec as float64 behind all others. */
function decoderAsFloat64(bytes: Buffer): Buffer {
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<
    string,
    { dtype: string; data_offsets: [number, number] }
  >;
  const parts: Buffer[] = [];
  let at = 0;
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const stored = bytes.subarray(start + entry.data_offsets[0], start + entry.data_offsets[1]);
    const floats = new Float32Array(Uint8Array.from(stored).buffer);
    const part = name === 'W_dec' ? Buffer.from(Float64Array.from(floats).buffer) : stored;
    header[name] = { ...entry, dtype: name === 'W_dec' ? 'F64' : 'F32', data_offsets: [at, at + part.length] };
    at += part.length;
    parts.push(part);
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...parts]);
}
