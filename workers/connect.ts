import type { Connection } from '@temporalio/client';
import { EnvironmentError, SaeMatchError, UsageError } from '../matching/errors';
import { withoutSecrets } from './connection';
import type { ServerAddress } from './connection';
import { findTlsTrouble } from './probe-tls';

/** Time in which a server must have answered. */
const LIMIT_MS = 10_000;

/**
 * Connects a client, and asks for the namespace, so that whatever is wrong with the settings shows before any work.
 *
 * @throws EnvironmentError within twice `limitMs` when the server cannot be reached, certificates do not fit, the key is
 *   refused, or there is no such namespace
 * @throws UsageError when a key or header cannot be sent at all
 */
export async function connectClient(server: ServerAddress, limitMs = LIMIT_MS): Promise<Connection> {
  const trouble = await findTlsTrouble(server, limitMs / 2);
  if (trouble !== null) throw trouble;
  // Loaded by those who need it: it takes longer than the rest of the program, and `pair` and `verify` do without.
  const { Connection } = await import('@temporalio/client');
  const { namespace } = server;
  let connection: Connection | undefined;
  try {
    connection = Connection.lazy({ ...server.connection, connectTimeout: limitMs });
    const { workflowService } = connection;
    await connection.ensureConnected();
    await connection.withDeadline(Date.now() + limitMs, () => workflowService.describeNamespace({ namespace }));
    return connection;
  } catch (error) {
    await connection?.close();
    throw explainFailure(server, error);
  }
}

/** Codes of gRPC, as numbers so that the client need not be loaded for them. */
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const UNAUTHENTICATED = 16;

/** The error of ours for one of the client's at connecting. */
export function explainFailure(server: ServerAddress, error: unknown): SaeMatchError {
  if (error instanceof SaeMatchError) return error;
  const refusal = explainRefusal(server, error);
  if (refusal !== null) return refusal;
  if (statusOf(error)?.code === NOT_FOUND) return noNamespace(server);
  const text = error instanceof Error ? error.message : String(error);
  if (/illegal characters|Metadata (key|string value)|Invalid header/i.test(text)) {
    return new UsageError('the API key or a header of the Temporal connection cannot be sent', {
      found: withoutSecrets(text, server),
      remedy: 'Check TEMPORAL_API_KEY, the TEMPORAL_GRPC_META_ variables and the profile for line breaks.',
    });
  }
  return unreachable(server, error);
}

/** The error for a server that does not let this client in; null for any other error. */
export function explainRefusal(server: ServerAddress, error: unknown): EnvironmentError | null {
  const status = statusOf(error);
  if (status?.code !== PERMISSION_DENIED && status?.code !== UNAUTHENTICATED) return null;
  const { address, apiKey } = server.connection;
  return new EnvironmentError('the Temporal server does not let this client in', {
    field: `${address}, namespace ${server.namespace}`,
    found: withoutSecrets(status.details, server),
    expected: apiKey === undefined ? 'an API key or a client certificate, no API key is set' : 'another API key',
    remedy:
      'Check TEMPORAL_API_KEY or api_key of the profile, that the key has not expired or been revoked, and that it may use the namespace.',
  });
}

/** The error for a server that does not answer. */
export function unreachable(server: ServerAddress, cause: unknown): EnvironmentError {
  return new EnvironmentError('the Temporal server cannot be reached', {
    field: 'address',
    found: server.connection.address,
    expected: 'a running server',
    remedy: 'Check --address, TEMPORAL_ADDRESS or the profile; without them an embedded server is used.',
    cause,
  });
}

function noNamespace({ connection: { address }, namespace }: ServerAddress): EnvironmentError {
  return new EnvironmentError('the Temporal server has no such namespace', {
    ...{ field: `${address}, namespace`, found: namespace },
    remedy: 'Check --namespace, TEMPORAL_NAMESPACE or the profile, or have the namespace created on the server.',
  });
}

/** What gRPC says of an error, which the client may have wrapped. */
function statusOf(error: unknown): { readonly code: number; readonly details: string } | null {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code, details, message } = at as Error & { code?: unknown; details?: unknown };
    if (typeof code === 'number') return { code, details: typeof details === 'string' ? details : message };
  }
  return null;
}
