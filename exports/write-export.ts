import { promises as fs } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileError, isMissing } from '../artifacts/store/file-errors';
import { makeFolder } from '../artifacts/store/make-folder';
import { temporaryName, writeSynced } from '../artifacts/store/temporary-file';
import { UsageError } from '../matching/errors';
import type { ExportFile, PlannedExport } from './export-files';

/** The flag that says where. */
const FLAG = '--output';

export interface WriteOptions {
  /** Replaces files that are there. */
  readonly force: boolean;
  readonly signal: AbortSignal;
}

/** A file that was written. Field names as in the JSON. */
export interface WrittenFile {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Writes an export: below a folder, or, where it is one file, at a path. A file appears whole or not at all.
 *
 * @param output absolute path
 * @throws UsageError when a file is there already; EnvironmentError when it cannot be written; CancelledError
 */
export async function writeExport(
  output: string,
  { names, files }: PlannedExport,
  options: WriteOptions
): Promise<readonly WrittenFile[]> {
  const pathOf = (name: string): string => join(output, name);
  for (const name of names) await refuseExisting(pathOf(name), options.force);
  const written: WrittenFile[] = [];
  for await (const file of files) written.push(await writeFile(pathOf(file.name), file, options));
  return written;
}

async function refuseExisting(path: string, force: boolean): Promise<void> {
  const stat = await fs.stat(path).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw fileError(error, 'read', path, FLAG);
  });
  if (stat === null || (force && stat.isFile())) return;
  throw new UsageError(`the ${stat.isFile() ? 'file' : 'folder'} is there already`, {
    ...{ file: path, field: FLAG },
    remedy: stat.isFile() ? 'Choose another path, or pass --force.' : 'This format is one file: name one.',
  });
}

async function writeFile(path: string, { chunks }: ExportFile, { signal }: WriteOptions): Promise<WrittenFile> {
  const folder = dirname(path);
  const temporary = join(folder, temporaryName());
  try {
    await makeFolder(folder);
    const { bytes } = await writeSynced(temporary, chunks, signal);
    await fs.rename(temporary, path);
    return { path, bytes };
  } catch (error) {
    await fs.rm(temporary, { force: true }).catch(() => undefined);
    throw fileError(error, 'write', path, FLAG);
  }
}
