/** A file of an export by what is in it. */
export interface ExportFile {
  readonly path: string;
  readonly sha256: string;
}

/** A file that is not what it was, in the words of error messages. */
export interface ExportDifference {
  readonly path: string;
  readonly found: string;
  readonly expected: string;
}

/** The first file that changed, came or went since an export was looked at; null when none did. */
export function exportDifference(now: readonly ExportFile[], before: readonly ExportFile[]): ExportDifference | null {
  const found = hashes(now);
  const expected = hashes(before);
  for (const path of [...expected.keys(), ...found.keys()]) {
    if (found.get(path) === expected.get(path)) continue;
    return { path, found: inWords(found.get(path)), expected: inWords(expected.get(path)) };
  }
  return null;
}

const hashes = (files: readonly ExportFile[]): Map<string, string> =>
  new Map(files.map(({ path, sha256 }) => [path, sha256]));

const inWords = (sha256: string | undefined): string =>
  sha256 === undefined ? 'no such file' : `SHA-256 ${sha256.slice(0, 12)}…`;
