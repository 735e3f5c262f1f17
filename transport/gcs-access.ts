import { EnvironmentError, UnavailableError } from '../matching/errors';
import { setting } from './cache-folder';
import { faultText } from './fault-text';
import { emulatorOrigin, lacksCredentials, LOGIN_REMEDY, openGcs } from './gcs';

/** Where Cloud Storage is, and who asks. */
export interface GcsAccess {
  /** `https://storage.googleapis.com`, or the address of an emulator. */
  readonly origin: string;
  /**
   * Headers that a request must carry; none for an emulator.
   *
   * @param fresh do not use a token again that was refused
   * @throws EnvironmentError when there are no usable credentials
   * @throws UnavailableError when who hands out tokens does not answer
   */
  authorization(fresh?: boolean): Promise<Readonly<Record<string, string>>>;
}

/** Access with what the environment says; processes that open many stores ask for tokens once. */
export function gcsAccess(env: NodeJS.ProcessEnv = process.env): Promise<GcsAccess> {
  const names = ['STORAGE_EMULATOR_HOST', 'GOOGLE_APPLICATION_CREDENTIALS'];
  const key = JSON.stringify(names.map((name) => setting(env, name) ?? null));
  let access = opened.get(key);
  if (access === undefined) opened.set(key, (access = openAccess(env)));
  return access;
}

const opened = new Map<string, Promise<GcsAccess>>();

async function openAccess(env: NodeJS.ProcessEnv): Promise<GcsAccess> {
  const emulator = emulatorOrigin(env);
  if (emulator !== undefined) return { origin: emulator, authorization: () => Promise.resolve({}) };
  let client = await openGcs(env);
  const origin = client.apiEndpoint;
  return {
    origin,
    authorization: async (fresh = false) => {
      // A clock that was set back makes a token look valid that has run out: a new client has none yet.
      if (fresh) client = await openGcs(env);
      try {
        return await client.authClient.getRequestHeaders(origin);
      } catch (error) {
        throw credentialError(error, origin);
      }
    },
  };
}

function credentialError(cause: unknown, file: string): EnvironmentError | UnavailableError {
  const found = faultText(cause).split('\n')[0]!;
  if (lacksCredentials(found)) {
    return new EnvironmentError('there are no credentials for buckets', { file, found, cause, remedy: LOGIN_REMEDY });
  }
  return new UnavailableError('no access token for buckets can be had now', {
    ...{ file, found, cause },
    remedy: 'Try again later.',
  });
}
