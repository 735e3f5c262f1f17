import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../../matching/errors';
import { foldLayer } from '../../../matching/folding';
import type { CanonicalSae } from '../../../sae/canonical';
import { listSaes } from '../../../sae/catalogue';
import type { CatalogueEntry } from '../../../sae/catalogue-entry';
import { convertSae } from '../../../sae/convert';
import { loadSae } from '../../../sae/load-sae';
import { openSource } from '../../../sae/sources/open-source';
import type { SaeSource } from '../../../sae/sources/source';
import { cases } from '../library-cases';
import { memorySource } from '../memory-source';
import { rescaleWeights } from '../rescale';
import { FIXTURES, reconstruct } from '../support';

const LIBRARIES = join(__dirname, '..', '..', 'fixtures', 'formats');
const ENTRY = { part: null, layer: null, header: null, error: null } as const;
/** Of what is stored as a logarithm, and of sums in another order. */
const ROUNDING = 1e-5;

/** Powers of two, which rescale floats without rounding. */
const ofEach = (feature: number): number => 2 ** (((feature * 5) % 7) - 3);
const ofAll = (): number => 4;

/** The SAEs of all libraries, and those that store numbers in other types and orders. */
const places: readonly (readonly [name: string, folder: string, path: string])[] = [
  ...cases.map(([name, folder, { path }]) => [name, join(LIBRARIES, folder), path] as const),
  ...['gemma-variants', 'saelens-variants'].flatMap((folder) =>
    readdirSync(join(FIXTURES, folder)).map((name) => [name, join(FIXTURES, folder, name), '.'] as const)
  ),
];

interface Rescaled {
  readonly original: CanonicalSae;
  readonly rescaled: CanonicalSae;
  /** Whether a logarithm is stored of what is rescaled. */
  readonly rounded: boolean;
}

const listed = new Map<string, Promise<readonly [SaeSource, readonly CatalogueEntry[]]>>();

async function list(folder: string): Promise<readonly [SaeSource, readonly CatalogueEntry[]]> {
  const source = await openSource(folder);
  return [source, await listSaes(source)];
}

/** An SAE, and what it is once its features are rescaled in its files; null where its format cannot express that. */
async function rescale(folder: string, path: string): Promise<Rescaled | null> {
  if (!listed.has(folder)) listed.set(folder, list(folder));
  const [source, entries] = await listed.get(folder)!;
  const entry = entries.find((candidate) => candidate.path === path)!;
  const original = await loadSae(source, entry);
  const files = await Promise.all(entry.files.map(async (file) => [file.path, await source.read(file.path)] as const));
  const text = files.map(([, bytes]) => bytes.toString('latin1')).join('');
  // Encoder and decoder are one and the same matrix.
  if (text.includes('decoder.linear.weight')) return null;
  const { activation, gauge } = original.header;
  const isCrosscoder = entry.format === 'crosscoder' || /"dict_class": "\w*CrossCoder"/i.test(text);
  const gatesByNorm = isCrosscoder
    ? activation === 'batchtopk' && !text.includes('"code_normalization": "NONE"')
    : ['llama-scope', 'openmoss'].includes(entry.format!) && !text.includes('"sparsity_include_decoder_norm": false');
  const isShared = gauge === 'theta' && (activation === 'batchtopk' || text.includes('jump_relu_threshold'));
  const factorOf = isShared && !gatesByNorm ? ofAll : ofEach;
  const isGated = activation === 'gated';
  const changed = new Map<string, Buffer>();
  for (const [name, bytes] of files) {
    const isWeights = !/\.(?:json|yaml)$/.test(name);
    const rescaling = { factorOf, gatesByNorm, isGated, isCrosscoder, format: entry.format! };
    const config = (): Buffer => (gatesByNorm || isCrosscoder ? bytes : withThreshold(bytes, factorOf(0)));
    changed.set(name, isWeights ? await rescaleWeights(bytes, rescaling) : config());
  }
  const resized = entry.files.map((file) => ({ ...file, bytes: changed.get(file.path)!.length }));
  const rescaled = await loadSae(memorySource(changed), { ...entry, files: resized });
  return { original, rescaled, rounded: isGated || (!gatesByNorm && /log_(?:jumprelu_)?threshold/.test(text)) };
}

/** Llama Scope has the one threshold of all features in its configuration. */
function withThreshold(config: Buffer, factor: number): Buffer {
  const field = /("jump_relu_threshold": )([\d.e-]+)/;
  return Buffer.from(config.toString().replace(field, (_, key, value) => `${key}${Number(value) * factor}`));
}

/** The same in a file of this project. */
async function rescaleCanonical(sae: CanonicalSae): Promise<Rescaled> {
  const [file] = convertSae(sae, { to: 'canonical', fold: false, degenerate: 'exclude', file: 'x' });
  const bytes = Buffer.concat(file!.chunks);
  const rescaling = { factorOf: ofEach, gatesByNorm: false, isGated: false, isCrosscoder: false, format: 'canonical' };
  const [original, rescaled] = [bytes, await rescaleWeights(bytes, rescaling)].map((content) => {
    const files = [{ path: file!.name, bytes: content.length }];
    const entry = { ...ENTRY, format: 'canonical', path: '.', files };
    return loadSae(memorySource(new Map([[file!.name, content]])), entry);
  });
  return { original: await original!, rescaled: await rescaled!, rounded: false };
}

/** The numbers that are matched; the error's summary where too few features can be folded. */
function folded(sae: CanonicalSae): Float32Array | string {
  try {
    const rows = foldLayer(sae, { fold: true, degenerate: 'exclude', file: 'x' });
    const { encoder, encoderBias, decoder, excluded } = rows;
    return Float32Array.from(
      [...encoder.blocks, encoderBias, ...decoder.blocks, excluded].flatMap((part) => [...part])
    );
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
}

function expectSameRows({ original, rescaled, rounded }: Rescaled): void {
  const [before, after] = [folded(original), folded(rescaled)];
  if (!rounded || typeof before === 'string' || typeof after === 'string') expect(after).toEqual(before);
  else expect(largestDifference(before, after)).toBeLessThan(ROUNDING);
}

function largestDifference(before: ArrayLike<number>, after: ArrayLike<number>): number {
  expect(after).toHaveLength(before.length);
  const differences = Array.from(before, (value, n) => Math.abs(value - after[n]!) / Math.max(1, Math.abs(value)));
  return Math.max(...differences);
}

function outputDifference({ original, rescaled }: Rescaled): number {
  const differences = [1, 2, 3, 4, 5, 6].map((row) => {
    const input = Array.from({ length: original.header.dIn }, (_, n) => 3 * Math.sin(7 * row + 3 * n));
    return largestDifference(reconstruct(original, input), reconstruct(rescaled, input));
  });
  return Math.max(...differences);
}

/** Top-k takes the largest activations, unless it ranks them times decoder norms. */
const ranksActivations = ({ header, selectScale, threshold }: CanonicalSae): boolean =>
  threshold === null && header.k !== null && selectScale === null;

describe('an SAE whose features are rescaled in its files, encoders up and decoders down', () => {
  it.each(places)(
    'computes the same and has the same folded rows, bit by bit unless logarithms are stored: %s',
    async (_, folder, path) => {
      const pair = await rescale(folder, path);
      if (pair === null) return;
      const { original, rescaled } = pair;
      expect(rescaled.decoder).not.toEqual(original.decoder);
      expectSameRows(pair);
      // One site of a crosscoder is never written alone.
      if (original.jointEncoder !== true) expectSameRows(await rescaleCanonical(original));
      if (!ranksActivations(original)) expect(outputDifference(pair)).toBeLessThan(ROUNDING);
    }
  );

  it('has the same folded rows also where it ranks activations by size, and so computes something else', async () => {
    const pair = (await rescale(join(LIBRARIES, 'sparsify'), 'layers.0'))!;
    expect(ranksActivations(pair.original)).toBe(true);
    expectSameRows(pair);
    expect(outputDifference(pair)).toBeGreaterThan(0.01);
  });
});
