import { readFileSync } from 'node:fs';
import { loadClientConfigProfile, toClientOptions } from '@temporalio/envconfig';
import type { ClientConfigProfile, ClientConfigTLS, ClientConnectConfig } from '@temporalio/envconfig';
import { EnvironmentError, UsageError } from '../matching/errors';

/** How to reach a Temporal server. */
export interface ServerAddress {
  readonly connection: ClientConnectConfig['connectionOptions'] & { readonly address: string };
  readonly namespace: string;
}

/** What a command line or specification says about the server; it wins over environment and profile, each by itself. */
export interface ServerChoice {
  /** `host:port`. TLS, key and headers stay those of environment and profile. */
  readonly address?: string | undefined;
  readonly namespace?: string | undefined;
  /** Name of a profile in the configuration file of Temporal's clients. */
  readonly profile?: string | undefined;
}

/**
 * The configured server: what was chosen, else what the environment and profiles of `@temporalio/envconfig` say
 * (`TEMPORAL_ADDRESS`, `TEMPORAL_PROFILE`, `TEMPORAL_API_KEY`, TLS files, …). Null when nothing is configured and the
 * embedded server is meant. Variables that are empty count as unset.
 *
 * @throws UsageError when the profile or configuration file is broken, names half a client certificate, or no server
 *   although a profile or namespace was chosen
 * @throws EnvironmentError when a file of its TLS settings cannot be read
 */
export function configuredServer(
  choice: ServerChoice = {},
  env: NodeJS.ProcessEnv = process.env
): ServerAddress | null {
  const profile = readProfile(choice.profile, env);
  const address = choice.address ?? profile.address;
  if (address === undefined) {
    if (choice.profile !== undefined) throw noAddress('--profile', choice.profile);
    if (choice.namespace !== undefined) throw noAddress('--namespace', choice.namespace);
    return null;
  }
  checkAddress(address);
  checkTlsFiles(profile.tls);
  return {
    connection: { ...toClientOptions(profile).connectionOptions, address },
    namespace: choice.namespace ?? profile.namespace ?? 'default',
  };
}

/** Address of a server without TLS or keys, as the embedded one. */
export function plainServer(address: string): ServerAddress {
  return { connection: { address }, namespace: 'default' };
}

/** Whether a connection is encrypted: with TLS settings, or with an API key unless TLS is switched off. */
export function usesTls({ connection: { tls, apiKey } }: ServerAddress): boolean {
  return tls === undefined || tls === null ? apiKey !== undefined : tls !== false;
}

/** The same text without the secrets of a connection: libraries quote a header that they refuse in full. */
export function withoutSecrets(text: string, { connection: { apiKey, metadata } }: ServerAddress): string {
  const secrets = [apiKey, ...Object.values(metadata ?? {})].filter((value) => typeof value === 'string');
  return secrets.filter((value) => value !== '').reduce((rest, value) => rest.replaceAll(value, '***'), text);
}

function readProfile(name: string | undefined, env: NodeJS.ProcessEnv): ClientConfigProfile {
  const file = env.TEMPORAL_CONFIG_FILE === '' ? undefined : env.TEMPORAL_CONFIG_FILE;
  try {
    // A file that was named must be there; the library passes over one that is not.
    if (file !== undefined) readFileSync(file);
    return loadClientConfigProfile({ ...(name !== undefined && { profile: name }), overrideEnvVars: settings(env) });
  } catch (cause) {
    throw new UsageError('the Temporal client configuration cannot be read', {
      ...(file !== undefined && { file }),
      // Further lines quote the file, keys included.
      found: (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]!,
      remedy: 'Check --profile, TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE and the other TEMPORAL_ variables.',
    });
  }
}

/** The variables that are set; an empty header removes one of the profile. */
function settings(env: NodeJS.ProcessEnv): Record<string, string> {
  const isSet = ([name, value]: [string, string | undefined]): boolean =>
    value !== undefined && (value !== '' || name.startsWith('TEMPORAL_GRPC_META_'));
  return Object.fromEntries(Object.entries(env).filter(isSet)) as Record<string, string>;
}

function noAddress(field: string, found: string): UsageError {
  return new UsageError('no Temporal server is configured', {
    ...{ field, found, expected: 'an address in the profile or environment' },
    remedy: 'Give --address, set TEMPORAL_ADDRESS, or give the profile an address.',
  });
}

function checkAddress(address: string): void {
  const port = /^(?:\[[\da-f:.]+\]|[^\s:/@]+)(?::(\d{1,5}))?$/i.exec(address)?.[1];
  if (port !== undefined ? Number(port) <= 65_535 : /^(?:\[[\da-f:.]+\]|[^\s:/@]+)$/i.test(address)) return;
  throw new UsageError('not the address of a Temporal server', {
    field: 'address',
    // What stands before an @ may be a password.
    found: address.replace(/^.*@/, '***@'),
    expected: 'host:port, without https:// and path',
    remedy: 'Correct --address, TEMPORAL_ADDRESS or the address of the profile.',
  });
}

function checkTlsFiles(tls: ClientConfigTLS | undefined): void {
  if (tls === undefined || tls.disabled === true) return;
  for (const [key, source] of [
    ['CLIENT_CERT', tls.clientCert],
    ['CLIENT_KEY', tls.clientKey],
    ['SERVER_CA_CERT', tls.serverCACert],
  ] as const) {
    if (source !== undefined && 'path' in source) checkReadable(source.path, key);
  }
  const { clientCert, clientKey } = tls;
  if ((clientCert === undefined) === (clientKey === undefined)) return;
  const [there, missing] = clientKey === undefined ? ['CLIENT_CERT', 'CLIENT_KEY'] : ['CLIENT_KEY', 'CLIENT_CERT'];
  throw new UsageError('a client certificate and its key belong together', {
    ...{ found: inWords(there), expected: `${inWords(missing)} too` },
    remedy: 'Set both, or neither.',
  });
}

function checkReadable(file: string, key: string): void {
  try {
    readFileSync(file);
  } catch (cause) {
    throw new EnvironmentError('a file of the TLS settings cannot be read', {
      ...{ file, field: inWords(key), found: (cause as NodeJS.ErrnoException).code ?? String(cause), cause },
      remedy: 'Correct the path, or the permissions of the file.',
    });
  }
}

/** How a setting is called in the environment and in a profile. */
const inWords = (key: string): string => `TEMPORAL_TLS_${key}_PATH or ${key.toLowerCase()}_path of the profile`;
