import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

import { progress } from './run.mjs';

const LIBRARIES = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map(
  (machine) => `/usr/lib/${machine}/faketime/libfaketimeMT.so.1`
);

/**
 * Installs the library by which a test moves the clock of one process, on Debian and with the right to do so. Without it
 * that fault is listed as not run.
 */
export async function prepareFakeClock() {
  if (LIBRARIES.some((library) => existsSync(library)) || process.getuid?.() !== 0) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    progress('installing libfaketime, by which a test moves the clock of a process');
    await promisify(execFile)('apt-get', ['update', '-qq'], { env, timeout: 120_000 });
    await promisify(execFile)('apt-get', ['install', '-y', '-qq', 'libfaketime'], { env, timeout: 120_000 });
  } catch (error) {
    progress(`libfaketime cannot be installed (${String(error.message).split('\n')[0]})`);
  }
}
