import { openEmbedded } from '../../infra/embedded';
import type { Home } from '../../infra/home';
import type { ProcessIdentity } from '../../infra/process-identity';
import { createProductionPlace } from './production-place';
import { createProgramHome } from './program-home';

/** Where runs of a test are carried out: with the embedded server, or with one that supervisors keep alive. */
export interface RunPlace {
  /** Home of the embedded server; null with another one. */
  readonly home: Home | null;
  /** Empty folder for inputs and outputs. */
  readonly folder: string;
  /** What makes a command use this server. */
  readonly env: Readonly<Record<string, string>>;
  /** To be called before the first command. */
  start(): Promise<void>;
  /** Waits until a command finds a server, or may start one. */
  answers(): Promise<void>;
  /** The processes that run now. */
  processes(): { readonly server: ProcessIdentity | undefined; readonly worker: ProcessIdentity | undefined };
  /** Carries out work while no worker runs but its own. @param work gets flags that name the server */
  withoutWorker<T>(work: (server: readonly string[]) => Promise<T>): Promise<T>;
  /** Ends what was started for it, and removes the folder. */
  remove(): Promise<void>;
}

/** The embedded server, unless `SAE_MATCH_TEST_SERVER` names another one. */
export function createRunPlace(): RunPlace {
  const file = process.env.SAE_MATCH_TEST_SERVER;
  return file === undefined ? createEmbeddedPlace() : createProductionPlace(file);
}

function createEmbeddedPlace(): RunPlace {
  const place = createProgramHome();
  return {
    ...place,
    start: () => Promise.resolve(),
    answers: () => Promise.resolve(),
    withoutWorker: async (work) => {
      const session = await openEmbedded(place.home);
      try {
        return await work(['--address', session.server.address]);
      } finally {
        await session.close();
      }
    },
  };
}
