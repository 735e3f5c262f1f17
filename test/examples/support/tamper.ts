import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32c } from '../../../transport/crc32c';
import { decodeCertificate, encodeCertificate } from '../../../artifacts/tables/certificate';
import type { CertificateSide, CertificateTable } from '../../../artifacts/tables/certificate';
import { readTableMetadata } from '../../../artifacts/tables/decode-table';
import { decodeMatches, encodeMatches } from '../../../artifacts/tables/matches';
import { encodeTargets } from '../../../artifacts/tables/targets';
import { invert } from '../../../matching/summarise';

/** Changes the target of some source features in the folder of a pair; `targets.parquet` is made to agree if asked. */
export async function changeTargets(
  folder: string,
  change: (targetFeature: Int32Array) => void,
  options: { readonly alsoTargets: boolean }
): Promise<void> {
  const file = join(folder, 'matches.parquet');
  const bytes = readFileSync(file);
  const metadata = await readTableMetadata(bytes);
  const matches = await decodeMatches(bytes);
  const targets = matches.targetFeature.length;
  change(matches.targetFeature);
  writeFileSync(file, encodeMatches(matches, metadata));
  if (!options.alsoTargets) return;
  const sourceFeature = invert(matches.targetFeature, targets);
  writeFileSync(join(folder, 'targets.parquet'), encodeTargets({ sourceFeature }, metadata));
}

/** Rewrites `certificate.parquet` in the folder of a pair. */
export async function changeCertificate(
  folder: string,
  change: (table: CertificateTable) => CertificateTable
): Promise<void> {
  const file = join(folder, 'certificate.parquet');
  const bytes = readFileSync(file);
  writeFileSync(file, encodeCertificate(change(await decodeCertificate(bytes)), await readTableMetadata(bytes)));
}

/** The side with `amount` added to one dual. */
export function withDual(side: CertificateSide, row: number, amount: number): CertificateSide {
  return { ...side, dual: side.dual.map((dual, i) => (i === row ? dual + amount : dual)) };
}

/** The side without one of its features. */
export function withoutFeature({ feature, dual, margin }: CertificateSide, row: number): CertificateSide {
  const others = (_: number, i: number): boolean => i !== row;
  return { feature: feature.filter(others), dual: dual.filter(others), margin: margin.filter(others) };
}

interface ManifestFile {
  artifacts: { path: string; bytes: number; crc32c: string }[];
}

/** Makes the manifest agree with the files as they are now. */
export function recomputeChecksums(folder: string): void {
  const file = join(folder, 'manifest.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as ManifestFile;
  for (const artifact of manifest.artifacts) {
    const bytes = readFileSync(join(folder, artifact.path));
    artifact.bytes = bytes.length;
    artifact.crc32c = crc32c(bytes);
  }
  writeFileSync(file, JSON.stringify(manifest));
}

/** Flips all bits of one byte of a file. */
export function flipByte(file: string, position: (bytes: Buffer) => number): void {
  const bytes = readFileSync(file);
  const at = position(bytes);
  bytes[at] = bytes[at]! ^ 0xff;
  writeFileSync(file, bytes);
}
