import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { Failure } from './failure.mjs';
import { at } from './paths.mjs';
import { progress } from './run.mjs';

const PACKAGE = 'github.com/fsouza/fake-gcs-server';
const VERSION = '1.55.1';

/**
 * The emulator of Google Cloud Storage that the tests run: `$SAE_MATCH_GCS_EMULATOR`, else that of the user's cache, which
 * is built with Go once.
 */
export async function prepareGcsEmulator() {
  const named = process.env.SAE_MATCH_GCS_EMULATOR;
  if (named) return named;
  const { cacheFolder } = createRequire(import.meta.url)(at('dist/transport/cache-folder.js'));
  const folder = join(cacheFolder(), 'fake-gcs-server', VERSION);
  const program = join(folder, 'fake-gcs-server');
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, 'building-'));
  progress(`building the emulator of Google Cloud Storage ${VERSION} with Go; this takes a minute, once`);
  try {
    const env = { GOGC: '400', ...process.env, GOBIN: work, CGO_ENABLED: '0', GOWORK: 'off', GO111MODULE: 'on' };
    await promisify(execFile)('go', ['install', `${PACKAGE}@v${VERSION}`], { cwd: work, env, maxBuffer: 2 ** 26 });
    renameSync(join(work, 'fake-gcs-server'), program);
  } catch (error) {
    const words = String(error.stderr || error.message)
      .trim()
      .split('\n')
      .slice(-3)
      .join(' / ');
    throw new Failure(`sae-match: the emulator of Google Cloud Storage cannot be built (${words}).`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return program;
}
