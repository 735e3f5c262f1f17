import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { InputError } from '../matching/errors';
import { findManifest } from './runs';
import { absolute } from '../sae/sources/location';
import { DEFAULT_OUT } from './spec/resolve-spec';
import type { RunManifest } from '../artifacts/manifest';

/** A run as a command line names it. */
export interface RunReference {
  readonly runId: string;
  /** Output folder, when the argument or --out tells. */
  readonly out: string;
  /** Null while the run has not been published. */
  readonly manifest: RunManifest | null;
}

/**
 * Understands `<run>`: the folder or URL of a run (`<out>/runs/<id>`), or an id that is looked up in `--out`.
 *
 * @throws InputError when it is a folder that is none of a run
 */
export async function resolveRunArgument(argument: string, out: string | undefined): Promise<RunReference> {
  const folder = absolute(argument, process.cwd());
  if (!/[\\/]/.test(argument) && !existsSync(join(folder, 'manifest.json'))) {
    const where = absolute(out ?? DEFAULT_OUT, process.cwd());
    return { runId: argument, out: where, manifest: await findManifest(where, argument) };
  }
  if (basename(dirname(folder)) !== 'runs') {
    throw new InputError('not the folder of a run', {
      file: folder,
      expected: '<out>/runs/<run id>',
      remedy: 'Give the id of a run, or the folder that its summary names.',
    });
  }
  const root = dirname(dirname(folder));
  const runId = basename(folder);
  return { runId, out: root, manifest: await findManifest(root, runId) };
}

/** @throws InputError when the run has no manifest yet */
export function requireManifest({ runId, out, manifest }: RunReference): RunManifest {
  if (manifest !== null) return manifest;
  throw new InputError('this run has no results yet', {
    file: `${out}/runs/${runId}`,
    field: 'manifest.json',
    found: 'none',
    remedy: `See sae-match status ${runId}; name another output folder with --out.`,
  });
}

/** The error for a run that neither an output folder nor the server knows. */
export function noSuchRun({ runId, out }: Pick<RunReference, 'runId' | 'out'>): InputError {
  return new InputError('no such run', {
    field: 'run',
    found: runId,
    expected: `a run in ${out} or on the server`,
    remedy: 'See sae-match list; or give the original run command again, which goes on in the same way.',
  });
}
