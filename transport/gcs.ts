import type { Storage } from '@google-cloud/storage' with { 'resolution-mode': 'import' };
import { InputError, SaeMatchError, UnavailableError } from '../matching/errors';
import { setting } from './cache-folder';
import { faultText } from './fault-text';

/**
 * The client of Google Cloud Storage, with the credentials of the environment; `$STORAGE_EMULATOR_HOST` names an
 * emulator, which is asked without any. Its own retries are off: callers go on where a transfer broke off.
 */
export async function openGcs(env: NodeJS.ProcessEnv = process.env): Promise<Storage> {
  const { Storage: Client } = await import('@google-cloud/storage');
  const origin = emulatorOrigin(env);
  const retryOptions = { autoRetry: false };
  if (origin === undefined) return new Client({ retryOptions });
  const client = new Client({ retryOptions, apiEndpoint: origin, projectId: 'emulator' });
  // The client takes the variable for the address of the interface, others for that of the server.
  client.baseUrl = `${origin}/storage/v1`;
  return client;
}

/** Address of the emulator that `$STORAGE_EMULATOR_HOST` names, without a path; undefined where it names none. */
export function emulatorOrigin(env: NodeJS.ProcessEnv): string | undefined {
  const emulator = setting(env, 'STORAGE_EMULATOR_HOST');
  return emulator === undefined
    ? undefined
    : new URL(emulator.includes('://') ? emulator : `http://${emulator}`).origin;
}

/** Splits `gs://bucket/prefix`; the prefix has no slash at its end. @throws InputError */
export function parseGcsUrl(url: string): { bucket: string; prefix: string } {
  const [, bucket, prefix = ''] = /^gs:\/\/([a-z0-9][a-z0-9._-]+)(?:\/(.*))?$/i.exec(url) ?? [];
  if (bucket !== undefined) return { bucket, prefix: prefix.replace(/^\/+|\/+$/g, '') };
  throw new InputError('cannot be understood as a place in a bucket', {
    file: url,
    expected: 'gs://<bucket>/<prefix>',
  });
}

/** An error of the client, in our words. */
export function gcsError(error: unknown, file: string): SaeMatchError {
  if (error instanceof SaeMatchError) return error;
  const message = faultText(error).split('\n')[0]!;
  const status = statusOf(error);
  const facts = { file, found: status === undefined ? message : `HTTP status ${status}`, cause: error };
  if (lacksCredentials(message) || status === 401) {
    return new InputError('the bucket asks who is asking', { ...facts, remedy: LOGIN_REMEDY });
  }
  if (status === 403)
    return new InputError('the bucket may not be read', { ...facts, remedy: 'Ask for access to it.' });
  if (status === 404)
    return new InputError('there is no such object or bucket', { ...facts, remedy: 'Check the address.' });
  if (status === 412)
    return new InputError('the object changed since it was listed', { ...facts, remedy: 'Start again.' });
  return new UnavailableError('the bucket cannot answer now', { ...facts, remedy: 'Try again later.' });
}

/** What to do where a bucket asks who is asking. */
export const LOGIN_REMEDY =
  'Log in with `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS.';

/** Whether an error of the client is about its credentials, which a person has to mend, rather than about the network. */
export function lacksCredentials(message: string): boolean {
  return /default credentials|invalid_grant|reauth|ENOENT|EACCES|not a file|not valid JSON/i.test(message);
}

/** HTTP status that an error of the client stands for; undefined where it never came to one. */
export function statusOf(error: unknown): number | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'number' ? code : undefined;
}
