import { promises as fs } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf, isMissing } from './file-errors';

/**
 * Creates a folder and the missing ones above it. `fs.mkdir` with `recursive` never returns on file systems that answer
 * "no such file" to every mkdir, such as /proc; this gives up at the first folder that cannot be made.
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await fs.mkdir(folder);
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await fs.stat(folder)).isDirectory()) return;
    const parent = dirname(folder);
    if (!isMissing(error) || parent === folder || (await exists(parent))) throw error;
    await makeFolder(parent);
    await makeFolder(folder);
  }
}

async function exists(folder: string): Promise<boolean> {
  return fs.stat(folder).then(
    () => true,
    () => false
  );
}
