import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { SmallDisk } from '../../support/small-disk';

/** Takes all the room that is left on a disk. Returns what gives it back. */
export function fillDisk({ folder }: SmallDisk): () => void {
  const ballast = join(folder, 'ballast');
  const handle = openSync(ballast, 'w');
  const zeros = Buffer.alloc(1 << 16);
  try {
    for (;;) writeSync(handle, zeros);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(handle);
  }
  return () => {
    rmSync(ballast, { force: true });
  };
}
