import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentError, UnavailableError } from '../../matching/errors';
import { gcsAccess } from '../../transport/gcs-access';
import { startWebServer } from '../support/web-server';
import type { WebServer } from '../support/web-server';

/** A server that hands out tokens as Google's does, for credentials that say where it is. */
let server: WebServer;
let status = 200;
let folder: string;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  server = await startWebServer(({ requests }) => (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    const access_token = `token-${requests.length}`;
    const token = { access_token, issued_token_type: 'x', token_type: 'Bearer', expires_in: 3600 };
    response.end(JSON.stringify(status === 200 ? token : { error: 'unavailable' }));
  });
  folder = mkdtempSync(join(tmpdir(), 'sae-match-access-'));
  writeFileSync(join(folder, 'subject'), 'who I am');
  env = { ...process.env, GOOGLE_APPLICATION_CREDENTIALS: join(folder, 'credentials.json') };
  delete env.STORAGE_EMULATOR_HOST;
  writeFileSync(
    env.GOOGLE_APPLICATION_CREDENTIALS!,
    JSON.stringify({
      type: 'external_account',
      audience: 'x',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${server.url}/token`,
      credential_source: { file: join(folder, 'subject') },
    })
  );
  process.env.GOOGLE_APPLICATION_CREDENTIALS = env.GOOGLE_APPLICATION_CREDENTIALS;
});
afterAll(async () => {
  delete process.env.GOOGLE_APPLICATION_CREDENTIALS;
  await server.close();
  rmSync(folder, { recursive: true });
});

const bearer = async (fresh?: boolean): Promise<string | undefined> =>
  (await (await gcsAccess(env)).authorization(fresh)).Authorization;

test('a token is asked for once, and again when it was refused', async () => {
  expect((await gcsAccess(env)).origin).toBe('https://storage.googleapis.com');
  expect(await bearer()).toBe('Bearer token-1');
  expect(await bearer()).toBe('Bearer token-1');
  expect(await bearer(true)).toBe('Bearer token-2');
});

test('a server of tokens that does not answer is waited for', async () => {
  status = 503;
  await expect(bearer(true)).rejects.toThrow(UnavailableError);
  status = 200;
});

test.each(['none.json', 'subject'])(
  'credentials that are missing or broken are for a person to mend: %s',
  async (name) => {
    const file = join(folder, name);
    process.env.GOOGLE_APPLICATION_CREDENTIALS = file;
    const other = await gcsAccess({ ...env, GOOGLE_APPLICATION_CREDENTIALS: file });
    await expect(other.authorization()).rejects.toThrow(EnvironmentError);
    await expect(other.authorization()).rejects.toThrow(/no credentials for buckets.*Log in/);
  }
);

test('an emulator is asked without credentials', async () => {
  const access = await gcsAccess({ STORAGE_EMULATOR_HOST: '127.0.0.1:9/storage/v1' });
  expect(access.origin).toBe('http://127.0.0.1:9');
  expect(await access.authorization()).toEqual({});
});
