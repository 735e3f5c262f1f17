import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

import { temporalRelease } from './release';

export interface DownloadOptions {
  /** Base address of the archives, `<from>/v<version>/<archive>`; default: the project's releases. */
  readonly from?: string;
  /** Expected SHA-256 by `<platform>_<architecture>`; default: those of the pinned release. */
  readonly sha256?: Readonly<Record<string, string>>;
  /** Give up when nothing arrives for so long, in milliseconds; default ten seconds. */
  readonly stallMs?: number;
}

/**
 * Fetches the pinned release's archive into the empty folder `folder`, checks its SHA-256, unpacks it, and returns the
 * path of the program. The archive is the one that the Temporal SDKs themselves download.
 *
 * @throws Error of any kind when the address is refused, stalls, or serves other bytes; the caller then builds instead.
 */
export async function downloadTemporal(folder: string, options: DownloadOptions = {}): Promise<string> {
  const { from = temporalRelease.downloads, sha256 = temporalRelease.archiveSha256, stallMs = 10_000 } = options;
  const target = `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const expected = sha256[target];
  if (expected === undefined) throw new Error(`no release for ${target}`);
  const { version } = temporalRelease;
  const archive = join(folder, 'temporal.tar.gz');
  const found = await fetchFile(`${from}/v${version}/temporal_cli_${version}_${target}.tar.gz`, archive, stallMs);
  if (found !== expected) throw new Error(`the archive has SHA-256 ${found}, expected ${expected}`);
  await promisify(execFile)('tar', ['-xzf', archive, '-C', folder, 'temporal']);
  return join(folder, 'temporal');
}

/** Stores what `url` serves and returns its SHA-256 in hex. */
async function fetchFile(url: string, file: string, stallMs: number): Promise<string> {
  const stalled = new AbortController();
  const timer = setTimeout(() => {
    stalled.abort(new Error(`${url} sent nothing for ${stallMs / 1000} s`));
  }, stallMs);
  const hash = createHash('sha256');
  const observe = new Transform({
    transform(chunk: Buffer, _encoding, done): void {
      timer.refresh();
      hash.update(chunk);
      done(null, chunk);
    },
  });
  try {
    const response = await fetch(url, { signal: stalled.signal });
    if (!response.ok || response.body === null) throw new Error(`${url} answered ${response.status}`);
    await pipeline(response.body, observe, createWriteStream(file), { signal: stalled.signal });
    return hash.digest('hex');
  } finally {
    clearTimeout(timer);
  }
}
