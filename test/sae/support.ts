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

/** decode(encode(x)) of a canonical SAE by its definition: f = relu(pre)·(pre > θ), x̂ = f·W_dec + b_dec. */
export function reconstruct(sae: CanonicalSae, input: readonly number[]): number[] {
  const output = Array.from(sae.decoderBias);
  for (let feature = 0; feature < sae.encoder.rows; feature++) {
    const encoder = rowOf(sae.encoder, feature);
    const pre = input.reduce((sum, x, k) => sum + x * encoder[k]!, sae.encoderBias[feature]!);
    if (pre <= (sae.threshold?.[feature] ?? 0) || pre <= 0) continue;
    rowOf(sae.decoder, feature).forEach((weight, k) => {
      output[k] = output[k]! + pre * weight;
    });
  }
  return output;
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
