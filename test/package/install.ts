import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../docs/markdown';
import type { Finished } from '../support/program';

/** A file of the tarball. */
export interface PackedFile {
  readonly path: string;
  readonly size: number;
}

/** What `npm pack --json` says of a tarball. */
export interface Packed {
  readonly filename: string;
  /** Bytes of the tarball, and of what is in it. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly PackedFile[];
}

/** The package, packed and installed into an empty folder, as on a machine that has only Node.js. */
export interface InstalledPackage {
  readonly packed: Packed;
  /** The folder with `node_modules`. */
  readonly folder: string;
  /** The installed package. */
  readonly home: string;
  readonly installSeconds: number;
  /** Runs a program in the folder. */
  run(program: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished>;
  remove(): void;
}

/**
 * Packs `dist` as it is, and installs the tarball with npm from the registry.
 *
 * @throws Error with what npm says when it fails
 */
export async function installPackage(): Promise<InstalledPackage> {
  const folder = mkdtempSync(join(tmpdir(), 'sae-match-package-'));
  const env = cleanEnvironment();
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await promisify(execFile)('npm', pack, { cwd: ROOT, env, maxBuffer: 2 ** 26 });
  const [packed] = JSON.parse(stdout) as [Packed];
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const began = performance.now();
  // Its post-install step would fetch CUDA from elsewhere.
  const skipping = { ...env, ONNXRUNTIME_NODE_INSTALL: 'skip' };
  const install = ['install', `./${packed.filename}`, '--no-audit', '--no-fund', '--loglevel=error'];
  await promisify(execFile)('npm', install, { cwd: folder, env: skipping });
  return {
    packed,
    folder,
    home: join(folder, 'node_modules/sae-match'),
    installSeconds: (performance.now() - began) / 1000,
    run: (program, args, own = {}) =>
      new Promise((finished) => {
        const child = execFile(program, args, { cwd: folder, env: { ...env, ...own } }, (_, out, stderr) => {
          finished({ code: child.exitCode, stdout: out, stderr });
        });
      }),
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Without what an npm script of this project, or a configured server, would pass on. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(npm_(package|lifecycle|config_local_prefix|command)|TEMPORAL_|NODE_)/i.test(name)
    )
  );
}
