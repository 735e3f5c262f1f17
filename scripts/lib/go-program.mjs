import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

import { Failure } from './failure.mjs';
import { at } from './paths.mjs';
import { progress } from './run.mjs';

/**
 * Path of a program of the user's cache, which is built with Go once.
 *
 * @param name of the program
 * @param goPackage for `go install`
 * @param version of its module, without `v`
 * @param purpose what it is, for people
 * @param time how long building it takes, in words
 * @param folder of the cache, where others of its kind may lie too
 */
export async function prepareGoProgram({ name, goPackage, version, purpose, time = 'a minute', folder = name }) {
  const { cacheFolder } = createRequire(import.meta.url)(at('dist/transport/cache-folder.js'));
  const place = join(cacheFolder(), folder, version);
  const program = join(place, name);
  if (existsSync(program)) return program;
  mkdirSync(place, { recursive: true });
  const work = mkdtempSync(join(place, 'building-'));
  progress(`building ${purpose} ${version} with Go; this takes ${time}, once`);
  try {
    const env = { GOGC: '400', ...process.env, GOBIN: work, CGO_ENABLED: '0', GOWORK: 'off', GO111MODULE: 'on' };
    const flags = ['install', '-ldflags', '-s -w', `${goPackage}@v${version}`];
    await promisify(execFile)('go', flags, { cwd: work, env, maxBuffer: 2 ** 26 });
    renameSync(join(work, basename(goPackage)), program);
  } catch (error) {
    throw new Failure(`sae-match: ${purpose} cannot be built (${lastWords(error)}).`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return program;
}

/** Folder of a Go module's files, fetched where Go does not have it yet. */
export async function goModuleFolder(module, version) {
  try {
    const { stdout } = await promisify(execFile)('go', ['mod', 'download', '-json', `${module}@v${version}`], {
      env: { ...process.env, GOWORK: 'off', GO111MODULE: 'on' },
    });
    return JSON.parse(stdout).Dir;
  } catch (error) {
    throw new Failure(`sae-match: the Go module ${module} cannot be fetched (${lastWords(error)}).`);
  }
}

function lastWords(error) {
  const lines = String(error.stderr || error.message).trim();
  return lines.split('\n').slice(-3).join(' / ');
}
