import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { EnvironmentError } from '../../matching/errors';
import type { Home } from '../home';
import { withLock } from '../lock';
import { goVersion, isAtLeast } from '../machine';
import { buildTemporal } from './build-with-go';
import { downloadTemporal, type DownloadOptions } from './download';
import { onPath, temporalVersion } from './probe';
import { cachedTemporal, temporalRelease } from './release';

/** A Temporal program that was run once to see that it works. */
export interface TemporalBinary {
  readonly path: string;
  /** As the program reports it, such as `1.5.1 (Server 1.29.1, UI 2.42.1)`. */
  readonly version: string;
  readonly source: 'SAE_MATCH_TEMPORAL' | 'PATH' | 'cache' | 'download' | 'go';
}

export interface FindTemporalOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Receives one line before anything that takes longer than a second. */
  readonly onProgress?: (line: string) => void;
  /** Where to download from; false never downloads. `SAE_MATCH_TEMPORAL_DOWNLOAD=off` or a base address does the same. */
  readonly download?: DownloadOptions | false;
}

/**
 * The Temporal program to run the embedded server with, the first that works of: `$SAE_MATCH_TEMPORAL`; `temporal` on
 * PATH; the cache; a download of the pinned release; a build of it with Go. The last two fill the cache, once, however
 * many processes ask at the same time.
 *
 * @throws EnvironmentError when `$SAE_MATCH_TEMPORAL` does not work, or nothing is found and nothing can be built.
 */
export async function findTemporal(
  home: Pick<Home, 'cache'>,
  options: FindTemporalOptions = {}
): Promise<TemporalBinary> {
  const found = await findInstalledTemporal(home, options.env);
  if (found !== undefined) return found;
  const target = cachedTemporal(home);
  mkdirSync(dirname(target), { recursive: true });
  const onWait = (): void => options.onProgress?.('another process is obtaining Temporal; waiting for it');
  return withLock(join(dirname(target), 'lock'), async () => (await fromCache(home)) ?? obtain(target, options), {
    timeoutMs: 20 * 60_000,
    onWait,
  });
}

/**
 * Like {@link findTemporal}, but only looks: undefined when a program would have to be downloaded or built.
 *
 * @throws EnvironmentError when `$SAE_MATCH_TEMPORAL` does not work.
 */
export async function findInstalledTemporal(
  home: Pick<Home, 'cache'>,
  env: NodeJS.ProcessEnv = process.env
): Promise<TemporalBinary | undefined> {
  const named = env.SAE_MATCH_TEMPORAL;
  if (named !== undefined && named !== '') return namedByUser(named);
  for (const path of onPath('temporal', env)) {
    const version = await temporalVersion(path);
    if (version !== undefined) return { path, version, source: 'PATH' };
  }
  return fromCache(home);
}

async function namedByUser(path: string): Promise<TemporalBinary> {
  const version = await temporalVersion(path);
  if (version !== undefined) return { path, version, source: 'SAE_MATCH_TEMPORAL' };
  throw new EnvironmentError('this is not a working Temporal program', {
    file: path,
    field: 'SAE_MATCH_TEMPORAL',
    expected: 'a program whose `--version` says "temporal version ..."',
    remedy: 'Correct SAE_MATCH_TEMPORAL, or unset it.',
  });
}

async function fromCache(home: Pick<Home, 'cache'>): Promise<TemporalBinary | undefined> {
  const path = cachedTemporal(home);
  const version = await temporalVersion(path);
  return version === undefined ? undefined : { path, version, source: 'cache' };
}

async function obtain(target: string, options: FindTemporalOptions): Promise<TemporalBinary> {
  const folder = dirname(target);
  // Under the lock nobody else works here, so what lies about is from processes that were killed.
  for (const name of readdirSync(folder)) {
    if (name.startsWith(workPrefix)) rmSync(join(folder, name), { recursive: true, force: true });
  }
  const work = mkdtempSync(join(folder, workPrefix));
  try {
    return (await tryDownload(work, target, options)) ?? (await build(work, target, options));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const workPrefix = 'obtaining-';

async function tryDownload(
  work: string,
  target: string,
  { env = process.env, onProgress, download }: FindTemporalOptions
): Promise<TemporalBinary | undefined> {
  const setting = env.SAE_MATCH_TEMPORAL_DOWNLOAD;
  if (download === false || setting === 'off') return undefined;
  onProgress?.(`downloading Temporal ${temporalRelease.version}`);
  try {
    const file = await downloadTemporal(work, { ...(setting ? { from: setting } : {}), ...download });
    return await install(file, target, 'download');
  } catch (error) {
    const { message, cause } = error as Error;
    onProgress?.(`the download is not possible here (${cause instanceof Error ? cause.message : message})`);
    return undefined;
  }
}

async function build(work: string, target: string, options: FindTemporalOptions): Promise<TemporalBinary> {
  const { env = process.env, onProgress } = options;
  const go = await goVersion(env);
  if (go === undefined || !isAtLeast(go, temporalRelease.minimumGo)) {
    throw new EnvironmentError('no Temporal server program was found and none can be built', {
      found: go === undefined ? 'no `temporal` and no `go` on PATH' : `no \`temporal\` on PATH and Go ${go}`,
      remedy:
        'Put the Temporal CLI (`temporal`) on PATH, or install Go 1.25 or later so that it is built once, ' +
        'or set TEMPORAL_ADDRESS to a running server.',
    });
  }
  onProgress?.(`building Temporal ${temporalRelease.version} with Go ${go}; this takes 2-3 minutes, once`);
  return install(await buildTemporal(work, env), target, 'go');
}

async function install(file: string, target: string, source: 'download' | 'go'): Promise<TemporalBinary> {
  chmodSync(file, 0o755);
  const version = await temporalVersion(file);
  if (version === undefined) {
    throw new EnvironmentError('the Temporal program that was obtained does not run here', { file: target });
  }
  renameSync(file, target);
  return { path: target, version, source };
}
