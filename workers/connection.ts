import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import { EnvironmentError, UsageError } from '../matching/errors';

/** How to reach a Temporal server. */
export interface ServerAddress {
  readonly connection: ClientConnectConfig['connectionOptions'] & { readonly address: string };
  readonly namespace: string;
}

/**
 * The configured server: `--address`, else what the environment and profiles of `@temporalio/envconfig` say
 * (`TEMPORAL_ADDRESS`, `TEMPORAL_PROFILE`, `TEMPORAL_API_KEY`, TLS files, …). Null when nothing is configured and the
 * embedded server is meant.
 *
 * @throws UsageError when the profile or configuration file is broken
 */
export function configuredServer(address: string | undefined): ServerAddress | null {
  let config: ReturnType<typeof loadClientConnectConfig>;
  try {
    config = loadClientConnectConfig();
  } catch (cause) {
    const file = process.env.TEMPORAL_CONFIG_FILE;
    throw new UsageError('the Temporal client configuration cannot be read', {
      ...(file !== undefined && { file }),
      found: cause instanceof Error ? cause.message : String(cause),
      remedy: 'Check TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE and the other TEMPORAL_ variables.',
      cause,
    });
  }
  const options = config.connectionOptions;
  if (address === undefined && options.address === undefined) return null;
  return {
    connection: { ...options, address: address ?? options.address ?? DEFAULT_ADDRESS },
    namespace: config.namespace ?? 'default',
  };
}

const DEFAULT_ADDRESS = 'localhost:7233';

/** Address of a server without TLS or keys, as the embedded one. */
export function plainServer(address: string): ServerAddress {
  return { connection: { address }, namespace: 'default' };
}

/** The error for a server that does not answer. */
export function unreachable(server: ServerAddress, cause: unknown): EnvironmentError {
  return new EnvironmentError('the Temporal server cannot be reached', {
    field: 'address',
    found: server.connection.address,
    expected: 'a running server',
    remedy: 'Check --address or TEMPORAL_ADDRESS; without them an embedded server is used.',
    cause,
  });
}
