import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { EnvironmentError } from '../../matching/errors';
import { temporalRelease } from './release';

/**
 * Builds the pinned release with the Go toolchain on PATH into the folder `folder` and returns the path of the program.
 * Takes minutes of all cores the first time; modules come from the configured Go module proxy.
 *
 * @throws EnvironmentError with Go's own last words when the build fails.
 */
export async function buildTemporal(folder: string, env: NodeJS.ProcessEnv): Promise<string> {
  const { goPackage, goVersionVariable, version } = temporalRelease;
  try {
    await promisify(execFile)(
      'go',
      ['install', '-ldflags', `-s -w -X ${goVersionVariable}=${version}`, `${goPackage}@v${version}`],
      { cwd: folder, env: buildEnvironment(folder, env), maxBuffer: 2 ** 26 }
    );
  } catch (cause) {
    throw new EnvironmentError('building Temporal with Go failed', {
      found: lastWords(cause),
      remedy:
        'Correct what Go reports (its module proxy must be reachable, and 4 GB of disk free), or put a `temporal` ' +
        'program on PATH, or set TEMPORAL_ADDRESS to a running server.',
      cause,
    });
  }
  return join(folder, 'temporal');
}

/**
 * As the project's own releases are built: without C, for this machine. The compiler collects garbage less often than by
 * default, which takes a tenth off its work and no more memory than the linker needs anyway.
 */
function buildEnvironment(folder: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = { GOBIN: folder, CGO_ENABLED: '0', GOWORK: 'off', GO111MODULE: 'on' };
  return { GOGC: '400', ...env, GOOS: undefined, GOARCH: undefined, ...own };
}

function lastWords(cause: unknown): string {
  const { stderr, message } = cause as { stderr?: string; message: string };
  const lines = (stderr ?? '').trim().split('\n');
  const informative = lines.filter((line) => !line.startsWith('go: downloading ')).slice(-3);
  return informative.join(' / ') || message;
}
