import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { RunManifest } from '../../artifacts/manifest';

/** The manifest of a published run. */
export function readRunManifest(out: string, runId: string): RunManifest {
  return JSON.parse(readFileSync(join(out, 'runs', runId, 'manifest.json'), 'utf8')) as RunManifest;
}

/** SHA-256 of every table that is the same for the same input whatever happened: matches, targets and chains. */
export function tableHashes(out: string, runId: string): Record<string, string> {
  return hashes(join(out, 'runs', runId), (file) => /^(matches|targets)\/|^chains\.parquet$/.test(file));
}

/** All files of a run's folder; none when the folder is not there. */
export function filesOfRun(out: string, runId: string): string[] {
  return filesBelow(join(out, 'runs', runId));
}

function hashes(folder: string, wanted: (file: string) => boolean): Record<string, string> {
  const files = filesBelow(folder).filter(wanted);
  return Object.fromEntries(
    files.map((file) => [
      file,
      createHash('sha256')
        .update(readFileSync(join(folder, file)))
        .digest('hex'),
    ])
  );
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
