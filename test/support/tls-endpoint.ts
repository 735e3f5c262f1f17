import { readFileSync } from 'node:fs';
import { connect, constants, createSecureServer } from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { KeyPair } from './certificates';

export interface TlsEndpointOptions {
  /** `host:port` of a server without TLS. */
  readonly upstream: string;
  readonly certificate: KeyPair;
  /** Wants a client certificate of this authority. */
  readonly clientCa?: string;
  /** Lets in only who has this API key, as Temporal Cloud does. */
  readonly apiKey?: string;
}

/** A gRPC server with TLS in front of one without. */
export interface TlsEndpoint {
  readonly address: string;
  /** Headers of the requests, in order. */
  readonly requests: readonly IncomingHttpHeaders[];
  /** Lets nobody in any more. */
  revoke(): void;
  close(): Promise<void>;
}

const UNAUTHENTICATED = 16;

/** Forwards every request with its trailers over HTTP/2. */
export async function startTlsEndpoint(options: TlsEndpointOptions): Promise<TlsEndpoint> {
  const { upstream, certificate, clientCa } = options;
  const requests: IncomingHttpHeaders[] = [];
  const sockets = new Set<Socket>();
  let { apiKey } = options;
  let client: ClientHttp2Session | undefined;
  const server = createSecureServer({
    cert: readFileSync(certificate.cert),
    key: readFileSync(certificate.key),
    ...(clientCa !== undefined && { ca: readFileSync(clientCa), requestCert: true, rejectUnauthorized: true }),
  });
  server.on('session', (session) => {
    session.on('error', () => undefined);
  });
  server.on('secureConnection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket)).on('error', () => undefined);
  });
  server.on('stream', (stream, headers) => {
    requests.push(headers);
    if (apiKey !== undefined && headers.authorization !== `Bearer ${apiKey}`) {
      stream.respond(status(UNAUTHENTICATED, 'Request unauthorized.'), { endStream: true });
      return;
    }
    if (client === undefined || client.closed || client.destroyed) {
      client = connect(`http://${upstream}`).on('error', () => undefined);
    }
    forward(client, stream, headers);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    address: `localhost:${(server.address() as AddressInfo).port}`,
    requests,
    revoke: () => {
      apiKey = 'nobody has this key';
      // Ends the long polls as well.
      for (const socket of sockets) socket.destroy();
    },
    close: () =>
      new Promise((done) => {
        for (const socket of sockets) socket.destroy();
        client?.destroy();
        server.close(() => {
          done();
        });
      }),
  };
}

function forward(client: ClientHttp2Session, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  const request = client.request({ ...headers, ':scheme': 'http' });
  let trailers: IncomingHttpHeaders = {};
  stream.pipe(request);
  request.on('response', (response, flags) => {
    if (stream.destroyed) return;
    const endStream = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    stream.respond(response, { endStream, waitForTrailers: !endStream });
    if (!endStream) request.pipe(stream);
  });
  request.on('trailers', (received: IncomingHttpHeaders) => {
    trailers = received;
  });
  stream.on('wantTrailers', () => {
    stream.sendTrailers(trailers);
  });
  request.on('error', () => {
    stream.destroy();
  });
  stream
    .on('error', () => undefined)
    .once('close', () => {
      if (!request.closed) request.close(constants.NGHTTP2_CANCEL);
    });
}

/** An answer that is nothing but a status. */
function status(code: number, message: string): Record<string, string | number> {
  return { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': code, 'grpc-message': message };
}
