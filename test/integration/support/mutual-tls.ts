import { join } from 'node:path';
import { clientConfigToToml } from '@temporalio/envconfig';
import type { ClientConfigProfile } from '@temporalio/envconfig';
import { mkdtempSync, writeFileSync } from 'node:fs';
import type { Certificates, KeyPair } from '../../support/certificates';
import { expectCode, runProgram, startProgram } from '../../support/program';
import type { Finished } from '../../support/program';
import { readRunManifest } from '../../support/run-folder';
import { writeSmallModel } from '../../support/small-model';

/** A server that wants a client certificate. */
export interface MutualTlsServer {
  readonly address: string;
  readonly namespace?: string;
  readonly certificates: Certificates;
  /** Empty folder for inputs and outputs. */
  readonly folder: string;
  /** Environment of the commands; names no server. */
  readonly env: Readonly<Record<string, string>>;
}

/** Names of files of a profile: the authority of the server, and the client's certificate. */
export function profileFor(
  { address, namespace }: Pick<MutualTlsServer, 'address' | 'namespace'>,
  ca: string | undefined,
  client: KeyPair | undefined
): ClientConfigProfile {
  return {
    address,
    ...(namespace !== undefined && { namespace }),
    tls: {
      ...(ca !== undefined && { serverCACert: { path: ca } }),
      ...(client !== undefined && { clientCert: { path: client.cert }, clientKey: { path: client.key } }),
    },
  };
}

/** Writes a configuration file of Temporal's clients with one profile, `secure`; returns what makes commands use it. */
export function writeProfile(folder: string, profile: ClientConfigProfile): Record<string, string> {
  const file = join(mkdtempSync(join(folder, 'profile-')), 'temporal.toml');
  writeFileSync(file, clientConfigToToml({ profiles: { secure: profile } }));
  return { TEMPORAL_CONFIG_FILE: file };
}

/** A small run by a worker and a command that know the server by the profile `secure` alone. */
export async function runSmallModel(
  { folder, env }: Pick<MutualTlsServer, 'folder' | 'env'>,
  id: string,
  profile: Readonly<Record<string, string>>
): Promise<Finished> {
  const source = join(folder, 'model');
  const out = join(folder, `out-${id}`);
  await writeSmallModel(source, 2, 64);
  const own = { ...env, ...profile, SAE_MATCH_TASK_QUEUE: `secure-${id}` };
  const worker = startProgram(['worker', '--profile', 'secure', '--metrics', '127.0.0.1:0', '--grace', '1'], own);
  try {
    await worker.says('worker ready');
    const finished = await runProgram(['run', source, '--out', out, '--run-id', id, '--profile', 'secure'], own);
    expectCode(finished, 0);
    expect(readRunManifest(out, id).state).toBe('done');
    worker.kill('SIGTERM');
    expectCode(await worker.finished, 0);
    return finished;
  } finally {
    worker.kill('SIGKILL');
  }
}

/** Tests of command and worker against a server with mutual TLS, whoever ends it. */
export function describeMutualTls(server: () => MutualTlsServer): void {
  const profile = (ca: keyof Certificates | null, client: keyof Certificates | null): Record<string, string> => {
    const { certificates, folder } = server();
    const authority = ca === null ? undefined : (certificates[ca] as string);
    const pair = client === null ? undefined : (certificates[client] as KeyPair);
    return writeProfile(folder, profileFor(server(), authority, pair));
  };

  it('a run goes through a profile with certificates, command and worker alike', async () => {
    await runSmallModel(server(), 'mutual', profile('ca', 'client'));
  }, 120_000);

  it('certificates may be given as text in the environment', async () => {
    const { address, namespace, certificates, env } = server();
    const { readFileSync } = await import('node:fs');
    const text = (file: string): string => readFileSync(file, 'utf8');
    const { code, stderr } = await runProgram(['list', '--json'], {
      ...env,
      TEMPORAL_ADDRESS: address,
      ...(namespace !== undefined && { TEMPORAL_NAMESPACE: namespace }),
      TEMPORAL_TLS_SERVER_CA_CERT_DATA: text(certificates.ca),
      TEMPORAL_TLS_CLIENT_CERT_DATA: text(certificates.client.cert),
      TEMPORAL_TLS_CLIENT_KEY_DATA: text(certificates.client.key),
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it.each([
    ['no client certificate', 'ca', null, 'refuses the TLS connection', 'It wants a client certificate'],
    ['a client certificate of another authority', 'ca', 'foreignClient', 'refuses the TLS connection', 'signed by an'],
    ['a client certificate that has expired', 'ca', 'expiredClient', 'refuses the TLS connection', 'has not expired'],
    ['no authority for the server', null, 'client', 'is not accepted', 'TEMPORAL_TLS_SERVER_CA_CERT_PATH'],
    ['another authority for the server', 'foreignCa', 'client', 'is not accepted', 'Name the authority'],
  ] as const)('%s is told in one sentence, by command, worker and doctor', async (_, ca, client, what, remedy) => {
    await expectRefused(server(), profile(ca, client), what, remedy);
  });

  it('a connection without TLS is told so', async () => {
    const { folder, address } = server();
    await expectRefused(server(), writeProfile(folder, { address }), 'wants TLS', 'TEMPORAL_TLS=true');
  });
}

/** Expects that command, worker and doctor end with one sentence and a remedy. */
export async function expectRefused(
  { env }: Pick<MutualTlsServer, 'env'>,
  profile: Readonly<Record<string, string>>,
  what: string,
  remedy: string
): Promise<void> {
  const own = { ...env, ...profile };
  const [command, worker, doctor] = await Promise.all([
    runProgram(['list', '--profile', 'secure'], own),
    runProgram(['worker', '--profile', 'secure', '--metrics', '127.0.0.1:0'], own),
    runProgram(['doctor', '--profile', 'secure', '--json'], own),
  ]);
  for (const { code, stderr } of [command, worker]) {
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(what) as string });
    expect(stderr).toContain(remedy);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).not.toMatch(/unexpected error|\n\s+at /);
  }
  const { checks } = JSON.parse(doctor.stdout) as { checks: { name: string; detail: string; remedy?: string }[] };
  const check = checks.find(({ name }) => name === 'Temporal');
  expect(check).toMatchObject({ status: 'fail', detail: expect.stringContaining(what) as string });
  expect(check!.remedy).toContain(remedy);
}
