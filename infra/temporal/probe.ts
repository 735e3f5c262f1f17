import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/**
 * Runs `<file> --version` and returns the version it reports, such as `1.5.1 (Server 1.29.1, UI 2.42.1)`; undefined when
 * the file does not run or is another program of that name.
 */
export async function temporalVersion(file: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(file, ['--version'], { timeout: 20_000 });
    return /^temporal version (.+)$/m.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

/** All executable files called `name` on the PATH of `env`, in its order. */
export function onPath(name: string, env: NodeJS.ProcessEnv): string[] {
  return (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .filter(isExecutableFile);
}

function isExecutableFile(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
