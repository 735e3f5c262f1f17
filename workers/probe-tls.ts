import { connect as connectPlain, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls, createSecureContext } from 'node:tls';
import type { SecureContext, TLSSocket } from 'node:tls';
import { EnvironmentError } from '../matching/errors';
import { usesTls } from './connection';
import type { ServerAddress } from './connection';

const DEFAULT_PORT = 7233;
/** How an HTTP/2 client begins, with empty settings: every gRPC server answers it at once. */
const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);
/** First byte of a TLS alert: what a server with TLS says to a client without. */
const TLS_ALERT = 0x15;

/**
 * Finds out by one connection of its own why a server and a client will never come to terms about TLS: certificates that
 * are not trusted, have expired, are for another host, are missing or refused, or TLS on one side only. The Temporal client
 * tries such a server again until its time is over, and does not say why.
 *
 * @param limitMs a server that says nothing for so long has no such trouble
 * @returns null when there is no trouble of this kind; a server that is not there is none
 */
export async function findTlsTrouble(server: ServerAddress, limitMs: number): Promise<EnvironmentError | null> {
  const { host, port } = splitAddress(server.connection.address);
  if (!usesTls(server)) {
    const { first, error, established } = await exchange(connectPlain({ host, port }), 'connect', limitMs);
    if (first?.[0] === TLS_ALERT) return wantsTls(server);
    // Others end a connection without TLS in silence.
    if (error === null || !established) return null;
    const secure = await exchange(connectTls({ host, port, rejectUnauthorized: false }), 'secureConnect', limitMs);
    return secure.established ? wantsTls(server) : null;
  }
  const tls = tlsOptions(server);
  let secureContext: SecureContext;
  try {
    secureContext = createSecureContext({
      ...(tls.serverRootCACertificate && { ca: Buffer.from(tls.serverRootCACertificate) }),
      ...(tls.clientCertPair && {
        cert: Buffer.from(tls.clientCertPair.crt),
        key: Buffer.from(tls.clientCertPair.key),
      }),
    });
  } catch (cause) {
    return unusable(cause);
  }
  const name = tls.serverNameOverride ?? host;
  const servername = isIP(name) === 0 ? { servername: name } : {};
  const socket = connectTls({ host, port, secureContext, ALPNProtocols: ['h2'], ...servername });
  const { error, established, first } = await exchange(socket, 'secureConnect', limitMs);
  if (first !== null) return null;
  if (error === null) return null;
  const code = error.code ?? '';
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/.test(code)) return speaksNoTls(server);
  if (/^ERR_SSL_.*ALERT/.test(code) || established) return refused(server, error);
  return isVerification(code) ? untrusted(server, error, code) : null;
}

type TlsSettings = Exclude<ServerAddress['connection']['tls'], boolean | null | undefined>;

function tlsOptions({ connection: { tls } }: ServerAddress): TlsSettings {
  return typeof tls === 'object' && tls !== null ? tls : {};
}

function splitAddress(address: string): { host: string; port: number } {
  const [, host = address, port] = /^(.*?)(?::(\d+))?$/.exec(address) ?? [];
  return { host: host.replace(/^\[|\]$/g, ''), port: port === undefined ? DEFAULT_PORT : Number(port) };
}

interface Exchange {
  readonly error: NodeJS.ErrnoException | null;
  /** Whether the connection, with its TLS, was there. */
  readonly established: boolean;
  /** The first that the server said. */
  readonly first: Buffer | null;
}

/** Sends the preface and waits for the first answer, the end, or the limit. */
function exchange(socket: Socket | TLSSocket, ready: string, limitMs: number): Promise<Exchange> {
  return new Promise((resolve) => {
    let established = false;
    const timer = setTimeout(() => {
      end(null, null);
    }, limitMs);
    const end = (error: Error | null, first: Buffer | null): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ error, established, first });
    };
    socket.once(ready, () => {
      established = true;
      socket.write(PREFACE);
    });
    socket.once('data', (data: Buffer) => {
      end(null, data);
    });
    socket.on('error', (error: Error) => {
      end(error, null);
    });
    // With TLS 1.3 a server looks at the client's certificate when the client takes the handshake for done.
    socket.once('end', () => {
      end(new Error('the connection was closed'), null);
    });
  });
}

const isVerification = (code: string): boolean =>
  /^(CERT_|UNABLE_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS_CERT|INVALID_|HOSTNAME_|PATH_LENGTH|ERROR_IN_CERT)/.test(code);

function untrusted({ connection: { address } }: ServerAddress, cause: Error, code: string): EnvironmentError {
  const remedy = /EXPIRED|NOT_YET_VALID/.test(code)
    ? 'Renew the certificate of the server, or correct the clock of this machine.'
    : code === 'ERR_TLS_CERT_ALTNAME_INVALID'
      ? 'Use an address for which the certificate was made, or name it with TEMPORAL_TLS_SERVER_NAME or server_name of the profile.'
      : 'Name the authority that signed it with TEMPORAL_TLS_SERVER_CA_CERT_PATH or server_ca_cert_path of the profile.';
  return new EnvironmentError('the certificate of the Temporal server is not accepted', {
    ...{
      field: address,
      found: `${code}: ${cause.message}`,
      expected: 'a certificate that can be trusted',
      cause,
      remedy,
    },
  });
}

function refused(server: ServerAddress, cause: Error): EnvironmentError {
  const pair = tlsOptions(server).clientCertPair;
  const remedy =
    pair === undefined
      ? 'It wants a client certificate: set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH, or their keys in the profile.'
      : 'Use a client certificate that has not expired and is signed by an authority that the server trusts.';
  return new EnvironmentError('the Temporal server refuses the TLS connection', {
    field: server.connection.address,
    // OpenSSL's own words are "<number>:error:<code>:SSL routines:<function>:<reason>:…".
    found: /:SSL routines:[^:]*:([^:]+):/.exec(cause.message)?.[1] ?? cause.message,
    expected: pair === undefined ? 'a client certificate, none is set' : 'another client certificate',
    ...{ remedy, cause },
  });
}

function unusable(cause: unknown): EnvironmentError {
  return new EnvironmentError('the TLS settings cannot be used', {
    found: cause instanceof Error ? cause.message : String(cause),
    expected: 'certificates in PEM form, and the key that belongs to the client certificate',
    remedy: 'Check the TEMPORAL_TLS_ variables and the tls section of the profile.',
  });
}

function wantsTls({ connection: { address } }: ServerAddress): EnvironmentError {
  return new EnvironmentError('the Temporal server wants TLS', {
    ...{ field: address, found: 'a connection without TLS' },
    remedy: 'Set TEMPORAL_TLS=true, or the TLS settings of the profile; an API key switches TLS on too.',
  });
}

function speaksNoTls({ connection: { address } }: ServerAddress): EnvironmentError {
  return new EnvironmentError('the Temporal server speaks no TLS', {
    ...{
      field: address,
      found: 'an answer that is no TLS',
      expected: 'TLS, because TLS settings or an API key are set',
    },
    remedy: 'Check the address; unset the TLS settings and the key, or set TEMPORAL_TLS=false, if the server has none.',
  });
}
