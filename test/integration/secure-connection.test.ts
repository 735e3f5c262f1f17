import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHome } from '../../infra/home';
import { ensureServer, stopServer } from '../../infra/temporal/embedded-server';
import { createCertificates } from '../support/certificates';
import { freePort } from '../support/free-port';
import { expectCode, killPrograms, runProgram, startProgram } from '../support/program';
import type { Command } from '../support/program';
import { startTlsEndpoint } from '../support/tls-endpoint';
import type { TlsEndpoint, TlsEndpointOptions } from '../support/tls-endpoint';
import { describeMutualTls, expectRefused, profileFor, runSmallModel, writeProfile } from './support/mutual-tls';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sae-match-secure-')));
const env = { SAE_MATCH_HOME: join(folder, 'home'), SAE_MATCH_CACHE: join(folder, 'cache'), XDG_CONFIG_HOME: folder };
const home = openHome({ ...process.env, ...env, SAE_MATCH_HOME: join(folder, 'server') });
const certificates = createCertificates(join(folder, 'certificates'));
const KEY = 'planted-api-key-5d1f';
const opened: TlsEndpoint[] = [];
let upstream: string;
let mutual: TlsEndpoint;
/** A worker whose key was revoked while it ran: that takes it a minute to be sure of. */
let revoked: Command;

async function endpoint(options: Partial<TlsEndpointOptions>): Promise<TlsEndpoint> {
  const started = await startTlsEndpoint({ upstream, certificate: certificates.server, ...options });
  opened.push(started);
  return started;
}

const withKey = (address: string, apiKey: string): Record<string, string> =>
  writeProfile(folder, { ...profileFor({ address }, certificates.ca, undefined), apiKey });

beforeAll(async () => {
  upstream = (await ensureServer(home)).address;
  mutual = await endpoint({ clientCa: certificates.ca });
  const cloud = await endpoint({ apiKey: KEY });
  const own = { ...env, ...withKey(cloud.address, KEY), SAE_MATCH_TASK_QUEUE: 'revoked' };
  revoked = startProgram(['worker', '--profile', 'secure', '--metrics', '127.0.0.1:0', '--grace', '0'], own);
  await revoked.says('worker ready');
  cloud.revoke();
}, 120_000);

afterAll(async () => {
  await killPrograms();
  await Promise.all(opened.map((started) => started.close()));
  await stopServer(home);
  rmSync(folder, { recursive: true, force: true });
});

describe('a server that wants a client certificate', () => {
  describeMutualTls(() => ({ address: mutual.address, certificates, folder, env }));

  it('is not asked again where nothing but --address is another one', async () => {
    const profile = writeProfile(folder, profileFor({ address: '127.0.0.1:1' }, certificates.ca, certificates.client));
    const listed = await runProgram(['list', '--profile', 'secure', '--address', mutual.address], {
      ...env,
      ...profile,
    });
    expectCode(listed, 0);
  });
});

describe('the certificate of a server', () => {
  it('that has expired is not accepted', async () => {
    const { address } = await endpoint({ certificate: certificates.expiredServer });
    const profile = writeProfile(folder, profileFor({ address }, certificates.ca, undefined));
    await expectRefused({ env }, profile, 'CERT_HAS_EXPIRED', 'Renew the certificate');
  });

  it('for another host is not accepted, unless that host is named', async () => {
    const { address } = await endpoint({ certificate: certificates.otherHost });
    const secure = profileFor({ address }, certificates.ca, undefined);
    await expectRefused({ env }, writeProfile(folder, secure), 'ERR_TLS_CERT_ALTNAME_INVALID', 'SERVER_NAME');
    const named = { ...secure, tls: { ...secure.tls, serverName: 'elsewhere.example' } };
    await runSmallModel({ folder, env }, 'named', writeProfile(folder, named));
  }, 120_000);
});

describe('an API key', () => {
  it('goes with every request of command and worker', async () => {
    const cloud = await endpoint({ apiKey: KEY });
    const { stdout, stderr } = await runSmallModel({ folder, env }, 'key', withKey(cloud.address, KEY));
    expect(new Set(cloud.requests.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${KEY}`]));
    expect(cloud.requests.length).toBeGreaterThan(20);
    expect(stdout + stderr).not.toContain(KEY);
  }, 120_000);

  it('switches TLS on by itself', async () => {
    const cloud = await endpoint({ apiKey: KEY });
    const profile = writeProfile(folder, { address: cloud.address, apiKey: KEY });
    await expectRefused({ env }, profile, 'is not accepted', 'Name the authority');
    expect(cloud.requests).toEqual([]);
  });

  it('that is not accepted is told, and not shown', async () => {
    const cloud = await endpoint({ apiKey: 'another' });
    await expectRefused({ env }, withKey(cloud.address, KEY), 'does not let this client in', 'TEMPORAL_API_KEY');
    const { stderr } = await runProgram(['list', '--profile', 'secure'], { ...env, ...withKey(cloud.address, KEY) });
    expect(stderr).not.toContain(KEY);
  });
});

describe('settings that cannot work', () => {
  it('a namespace that the server does not have is named', async () => {
    const secure = profileFor({ address: mutual.address, namespace: 'nowhere' }, certificates.ca, certificates.client);
    await expectRefused({ env }, writeProfile(folder, secure), 'has no such namespace', 'TEMPORAL_NAMESPACE');
    const own = { ...env, ...writeProfile(folder, secure) };
    const chosen = await runProgram(['list', '--profile', 'secure', '--namespace', 'default'], own);
    expectCode(chosen, 0);
  });

  it('a certificate that is not there is named with its setting', async () => {
    const missing = { cert: join(folder, 'no-such.pem'), key: certificates.client.key };
    const profile = writeProfile(folder, profileFor({ address: mutual.address }, certificates.ca, missing));
    const { code, stderr } = await runProgram(['list', '--profile', 'secure'], { ...env, ...profile });
    expect(code).toBe(1);
    expect(stderr).toContain(`${missing.cert}: TEMPORAL_TLS_CLIENT_CERT_PATH`);
    expect(stderr).toContain('ENOENT');
  });

  it('a key that belongs to another certificate is told', async () => {
    const mixed = { cert: certificates.client.cert, key: certificates.server.key };
    const profile = writeProfile(folder, profileFor({ address: mutual.address }, certificates.ca, mixed));
    await expectRefused({ env }, profile, 'the TLS settings cannot be used', 'TEMPORAL_TLS_');
  });

  it('TLS towards a server that has none is told', async () => {
    const profile = writeProfile(folder, profileFor({ address: upstream }, certificates.ca, undefined));
    await expectRefused({ env }, profile, 'speaks no TLS', 'TEMPORAL_TLS=false');
  });

  it('a server that is not there is told in bounded time', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const profile = writeProfile(folder, profileFor({ address }, certificates.ca, undefined));
    await expectRefused({ env }, profile, 'cannot be reached', 'TEMPORAL_ADDRESS');
  });

  it('a broken configuration file is told by its line, without quoting the keys in it', async () => {
    const file = join(folder, 'broken.toml');
    writeFileSync(file, `[profile.default]\naddress = "localhost:1"\napi_key = "${KEY}\n`);
    const { code, stderr } = await runProgram(['list'], { ...env, TEMPORAL_CONFIG_FILE: file });
    expect(code).toBe(2);
    expect(stderr).toContain(`${file}: the Temporal client configuration cannot be read`);
    expect(stderr).not.toContain(KEY);
  });

  it.each([
    ['a profile that is not there', { TEMPORAL_PROFILE: 'nobody' }, [], "Profile 'nobody' not found"],
    ['a file that is not there', { TEMPORAL_CONFIG_FILE: '/no/such.toml' }, [], 'ENOENT'],
    ['an address with a scheme', {}, ['--address', 'https://x:7233'], 'without https://'],
    [
      'half a client certificate',
      { TEMPORAL_ADDRESS: 'x:1', TEMPORAL_TLS_CLIENT_CERT_DATA: 'y' },
      [],
      'belong together',
    ],
    ['a namespace without a server', {}, ['--namespace', 'x'], 'no Temporal server is configured'],
  ])('%s ends with exit code 2', async (_, settings, flags, said) => {
    const { code, stderr } = await runProgram(['list', ...flags], { ...env, ...settings });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(said) as string });
  });
});

it('the embedded server and its worker take nothing from settings for other servers', async () => {
  const own = { ...env, TEMPORAL_API_KEY: KEY, TEMPORAL_NAMESPACE: 'elsewhere', TEMPORAL_TLS: 'true' };
  writeFileSync(join(folder, 'model.yaml'), 'source: model\nout: embedded\nrun_id: embedded\n');
  const finished = await runProgram(['run', join(folder, 'model.yaml')], own);
  expectCode(finished, 0);
}, 120_000);

it('an API key that is revoked ends a worker that runs', async () => {
  const { code, stderr } = await revoked.finished;
  expect(code).toBe(1);
  expect(stderr).toContain('does not let this client in');
  expect(stderr).not.toContain(KEY);
}, 120_000);
