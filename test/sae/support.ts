import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { rowOf } from '../../matching/row-matrix';
import type { CanonicalSae } from '../../sae/canonical';
import { resolveSaeArgument } from '../../sae/sae-argument';
import { loadSae } from '../../sae/load-sae';

export const FIXTURES = join(__dirname, '..', 'fixtures', 'sae');
export const REPOSITORY = join(__dirname, '..', '..');

/** Reads the one SAE at a location. */
export async function load(location: string): Promise<CanonicalSae> {
  const { source, entry } = await resolveSaeArgument(location);
  return loadSae(source, entry);
}

/** Activations of a canonical SAE by its definition: relu(pre)·(pre > θ), or those of largest rank. */
export function activations(sae: CanonicalSae, input: readonly number[]): number[] {
  const { activation, k } = sae.header;
  const positive = Array.from({ length: sae.encoder.rows }, (_, feature) => {
    const encoder = rowOf(sae.encoder, feature);
    const pre = input.reduce((sum, x, n) => sum + x * encoder[n]!, sae.encoderBias[feature]!);
    return pre > (sae.threshold?.[feature] ?? 0) ? Math.max(0, pre) : 0;
  });
  if (sae.threshold !== null || k === null) return positive;
  const rank = positive.map((value, feature) => value * (sae.selectScale?.[feature] ?? 1));
  const kept = new Set(activation === 'groupmax' ? largestOfGroups(rank, k) : largestOf(rank, k));
  return positive.map((value, feature) => (kept.has(feature) ? value : 0));
}

const largestOf = (rank: readonly number[], k: number): number[] =>
  [...rank.keys()].sort((a, b) => rank[b]! - rank[a]!).slice(0, k);

function largestOfGroups(rank: readonly number[], k: number): number[] {
  const size = rank.length / k;
  return Array.from({ length: k }, (_, group) => {
    const members = [...rank.keys()].slice(group * size, (group + 1) * size);
    return members.reduce((best, feature) => (rank[feature]! > rank[best]! ? feature : best));
  });
}

/** decode(encode(x)) of a canonical SAE: f·W_dec + b_dec, and W_skip·x where there is one. */
export function reconstruct(sae: CanonicalSae, input: readonly number[]): number[] {
  const output = Array.from(sae.decoderBias);
  activations(sae, input).forEach((value, feature) => {
    if (value === 0) return;
    rowOf(sae.decoder, feature).forEach((weight, n) => (output[n] = output[n]! + value * weight));
  });
  const { skip } = sae;
  if (skip === null) return output;
  return output.map((value, n) => value + input.reduce((sum, x, m) => sum + x * rowOf(skip, n)[m]!, 0));
}

export interface Expected {
  readonly inputs: readonly number[][];
  readonly outputs: readonly number[][];
}

export function expectedOf(folder: string): Expected {
  return JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected;
}

/** Largest difference between a canonical SAE's reconstructions and the expected ones. */
export function worstDifference(sae: CanonicalSae, { inputs, outputs }: Expected): number {
  const differences = inputs.flatMap((input, row) =>
    reconstruct(sae, input).map((value, k) => Math.abs(value - outputs[row]![k]!))
  );
  return Math.max(...differences);
}

/** A scratch folder that is removed after the test file. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sae-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Copies a fixture to a fresh place. */
export function copyFixture(name: string, target: string): string {
  cpSync(join(FIXTURES, name), target, { recursive: true });
  return target;
}

export function put(folder: string, path: string, content: string | Uint8Array): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

export const LFS_POINTER = `version https://git-lfs.github.com/spec/v1
oid sha256:4665a5ea423c2713d436b5ee50593a9640e0018c1550b5a0002f74190d6caea8
size 302055424
`;
