import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CanonicalSae } from '../../sae/canonical';
import { listSaes } from '../../sae/catalogue';
import { loadSae } from '../../sae/load-sae';
import type { CatalogueEntry } from '../../sae/catalogue-entry';
import { openSource } from '../../sae/sources/open-source';
import type { SaeSource } from '../../sae/sources/source';
import { reconstruct } from './support';

/**
 * SAEs that the formats' own libraries wrote, with the reconstructions that these compute (make_fixtures.py). Their
 * arithmetic is float32.
 */
const FIXTURES = join(__dirname, '..', 'fixtures', 'formats');
export const TOLERANCE = 1e-5;

export interface ExpectedSae {
  readonly path: string;
  readonly format: string;
  readonly layer: number | null;
  readonly hook: string | null;
  readonly features: number;
  readonly d_in: number;
  readonly d_out: number;
  readonly k: number | null;
  readonly input: number[][];
  readonly output: number[][];
  /** What the reconstruction needs more than this SAE: encoders, or decoders, of other layers. */
  readonly joint?: string;
  /** Which of how many sites of a crosscoder, whose encoders decide together. */
  readonly site?: number;
  readonly sites?: number;
  readonly feature_acts?: number[][];
  /** What this SAE alone gives to each layer that it writes to, from layer 0 on or from its own. `[layers][rows][d_out]` */
  readonly contributions?: number[][][];
  readonly first_target?: string;
}

/** Folders of fixtures begin with the name of their format. */
export const FORMATS = JSON.parse(readFileSync(join(__dirname, '../fixtures/format-names.json'), 'utf8')) as string[];
export const cases = readdirSync(FIXTURES)
  .filter((name) => name.endsWith('.json') && FORMATS.some((format) => name.startsWith(format)))
  .flatMap((name) => {
    const { saes } = JSON.parse(readFileSync(join(FIXTURES, name), 'utf8')) as { saes: ExpectedSae[] };
    const folder = name.slice(0, -'.json'.length);
    return saes
      .filter(({ format }) => FORMATS.includes(format))
      .map((sae) => [`${folder}/${sae.path}${sae.site === undefined ? '' : `#${sae.site}`}`, folder, sae] as const);
  });

/** Each folder is listed once: most cases are of a few folders. */
const listed = new Map<string, Promise<{ source: SaeSource; entries: readonly CatalogueEntry[] }>>();

async function list(folder: string): Promise<{ source: SaeSource; entries: readonly CatalogueEntry[] }> {
  const source = await openSource(join(FIXTURES, folder));
  return { source, entries: await listSaes(source) };
}

/** @param site of a crosscoder; null where a path has one SAE */
export async function loadOf(folder: string, path: string, site: number | null = null): Promise<CanonicalSae> {
  const known = listed.get(folder) ?? list(folder);
  listed.set(folder, known);
  const { source, entries } = await known;
  const part = site === null ? null : String(site);
  const entry = entries.find((candidate) => candidate.path === path && candidate.part === part);
  if (entry === undefined) throw new Error(`no SAE at ${path} of ${folder}`);
  return loadSae(source, entry);
}

/** What SAELens does to every token before and after an SAE that was trained on normalised tokens. */
function normalised(sae: CanonicalSae, input: number[], run: (x: number[]) => number[]): number[] {
  if (sae.header.inputNorm !== 'layer_norm') return run(input);
  const mean = input.reduce((sum, x) => sum + x, 0) / input.length;
  const deviation = Math.sqrt(input.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (input.length - 1));
  return run(input.map((x) => (x - mean) / (deviation + 1e-5))).map((y) => y * deviation + mean);
}

/** Largest difference of reconstructions, relative to large values. */
export function worst(sae: CanonicalSae, { input, output }: ExpectedSae): number {
  const differences = input.flatMap((x, row) =>
    normalised(sae, x, (values) => reconstruct(sae, values)).map((value, n) => {
      const expected = output[row]![n]!;
      return Math.abs(value - expected) / Math.max(1, Math.abs(expected));
    })
  );
  return Math.max(...differences);
}
