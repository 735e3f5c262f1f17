import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { stopEmbedded } from '../../infra/embedded';
import { openHome, type Home } from '../../infra/home';
import { isAlive, type ProcessIdentity } from '../../infra/process-identity';
import { findServer } from '../../infra/temporal/server-record';
import { workerStatus } from '../../infra/worker-process';
import { killPrograms } from './program';

/** A state home for commands of the tests, with room for their inputs and outputs. */
export interface ProgramHome {
  readonly home: Home;
  /** Empty folder for inputs and outputs. */
  readonly folder: string;
  /** What makes a command use this home. */
  readonly env: Readonly<Record<string, string>>;
  /** The embedded processes that run now. */
  processes(): { readonly server: ProcessIdentity | undefined; readonly worker: ProcessIdentity | undefined };
  /** Ends every command, server and worker, and removes the folders. */
  remove(): Promise<void>;
}

export function createProgramHome(): ProgramHome {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sae-match-run-')));
  const env = { SAE_MATCH_HOME: join(folder, 'home'), SAE_MATCH_CACHE: join(folder, 'cache') };
  const home = openHome({ ...process.env, ...env });
  return {
    home,
    folder,
    env,
    processes: () => ({ server: findServer(home), worker: workerStatus(home) }),
    remove: async () => {
      await killPrograms();
      await stopEmbedded(home);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Kills a process at once, as a crash would, and returns when it is gone. Returns whether it was there. */
export async function crash(identity: ProcessIdentity | undefined): Promise<boolean> {
  if (identity === undefined || !isAlive(identity)) return false;
  process.kill(identity.pid, 'SIGKILL');
  while (isAlive(identity)) await new Promise((resolve) => setTimeout(resolve, 5));
  return true;
}
