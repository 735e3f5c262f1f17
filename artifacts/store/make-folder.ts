import { promises as fs } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf, isMissing } from './file-errors';

/**
 * Creates a folder and the missing ones above it. `fs.mkdir` with `recursive` never returns on file systems that answer
 * "no such file" to every mkdir, such as /proc; this gives up at the first folder that cannot be made.
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await makeOne(folder);
  } catch (error) {
    const parent = dirname(folder);
    if (!isMissing(error) || parent === folder) throw error;
    await makeFolder(parent);
    // Once, with the parent in place: also when another write has made it in the meantime.
    await makeOne(folder);
  }
}

async function makeOne(folder: string): Promise<void> {
  try {
    await fs.mkdir(folder);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST' || !(await fs.stat(folder)).isDirectory()) throw error;
  }
}
