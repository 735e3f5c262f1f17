import { createHash } from 'node:crypto';
import type { SourceFile } from '../sources/source';

/** Hash of what a listing says of files, 64 hex digits: nothing is read for it. */
export function fingerprintOf(files: readonly SourceFile[]): string {
  const lines = files.map((file) => JSON.stringify([file.path, file.bytes, contentOf(file)])).sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/** What changes with the content of a file. */
function contentOf({ sha256, version, modified }: SourceFile): string | number | null {
  // A commit that leaves a file alone gives it another version by name only.
  return sha256 ?? version?.replace(/^commit \w+, /, '') ?? modified ?? null;
}
