import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { ExportRow, inWords } from '../export-row';
import type { InputFile } from '../hash-inputs';
import type { ExportFiles } from './export-files';
import { readJsonLines } from '../json-lines';

/** The SAE that an export is read for. */
export interface ExportedSae {
  readonly features: number;
  /** Null when it is not known. */
  readonly layer: number | null;
}

/** What an export says of the features of an SAE. */
export interface ExportedScale {
  /** maxActApprox `[features]`; 0 for a feature that the export says nothing of. */
  readonly scale: Float64Array;
  /** Features that have no row, or a row without a number. */
  readonly missing: number;
  /** Features whose number is 0 or less. */
  readonly notPositive: number;
  /** The files as they were read. */
  readonly files: readonly InputFile[];
}

/**
 * Reads the largest activation of each feature, `maxActApprox`, from a Neuronpedia features export: rows in any order, in any
 * of the files, `index` a number or a text. A feature may have several rows if they agree.
 *
 * @param onProgress called after every chunk; it may throw
 * @throws InputError when a row has no index or one outside the SAE, no `maxActApprox`, another than an earlier row of its
 * feature, or is of another layer; when a file is damaged
 */
export async function readExport(
  { source, files }: ExportFiles,
  sae: ExportedSae,
  onProgress: () => void = () => undefined
): Promise<ExportedScale> {
  const values = new Float64Array(sae.features).fill(NaN);
  const read: InputFile[] = [];
  for (const { path, bytes } of files) {
    const file = source.locate(path);
    const hash = createHash('sha256');
    for await (const line of readJsonLines(hashed(source.stream(path), hash, onProgress), file)) {
      takeRow(values, new ExportRow(file, line), sae);
    }
    read.push({ path, bytes, sha256: hash.digest('hex') });
  }
  const scale = values.map((value) => (Number.isNaN(value) ? 0 : value));
  const missing = values.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0);
  const notPositive = values.reduce((count, value) => count + (value <= 0 ? 1 : 0), 0);
  return { scale, missing, notPositive, files: read };
}

function takeRow(values: Float64Array, row: ExportRow, sae: ExportedSae): void {
  const index = row.indexIn(sae);
  const value = maxActivation(row);
  if (value === null) return;
  const earlier = values[index]!;
  if (!Number.isNaN(earlier) && earlier !== value) {
    throw row.wrong('maxActApprox', `${value} for feature ${index}`, `${earlier}, as in an earlier row`);
  }
  values[index] = value;
}

/** Null where it was not computed. */
function maxActivation(row: ExportRow): number | null {
  const value = row.field('maxActApprox');
  if (value === null || (typeof value === 'number' && Number.isFinite(value))) return value;
  throw row.wrong('maxActApprox', inWords(value), 'a finite number', 'Name a features export, not another kind.');
}

async function* hashed(chunks: AsyncIterable<Buffer>, hash: Hash, onProgress: () => void): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    onProgress();
    yield chunk;
  }
}
