import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What goes wrong with the next request whose path matches; then it is used up. */
export interface Fault {
  readonly path: RegExp;
  readonly kind: 'status 503' | 'status 429' | 'reset' | 'cut' | 'stall' | 'flip';
  readonly method?: string;
}

/** An HTTP server of this machine that counts what it sends and goes wrong on demand. */
export interface WebServer {
  readonly url: string;
  /** Bytes of bodies sent, by path. */
  readonly sent: Map<string, number>;
  /** Requests, in order. */
  readonly requests: IncomingMessage[];
  readonly faults: Fault[];
  close(): Promise<void>;
}

export type Respond = (request: IncomingMessage, response: ServerResponse) => void;

export async function startWebServer(respond: (server: WebServer) => RequestListener): Promise<WebServer> {
  const http = createServer();
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done));
  const server: WebServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    sent: new Map(),
    requests: [],
    faults: [],
    close: () =>
      new Promise((done) => {
        http.close(() => {
          done();
        });
        http.closeAllConnections();
      }),
  };
  const answer = respond(server);
  http.on('request', (request, response) => {
    server.requests.push(request);
    answer(request, response);
  });
  return server;
}

/** Sends a body, or the range of it that is asked for, with whatever fault is due. */
export function sendBody(
  server: WebServer,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  headers: Readonly<Record<string, string>>
): void {
  const path = decodeURIComponent(new URL(request.url!, server.url).pathname);
  const fault = takeFault(server, path, request.method!);
  if (fault?.kind === 'reset') return void request.socket.destroy();
  if (fault?.kind.startsWith('status') === true) {
    response.writeHead(Number(fault.kind.slice('status '.length)), { 'retry-after': '0' });
    return void response.end();
  }
  const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  const start = match === null ? 0 : Number(match[1]);
  const end = match === null ? body.length : Math.min(body.length, Number(match[2]) + 1);
  const ranged = match !== null && headers['accept-ranges'] === 'bytes';
  const content = Buffer.from(ranged ? body.subarray(start, end) : body);
  if (fault?.kind === 'flip') content[content.length >> 1]! ^= 1;
  response.writeHead(ranged ? 206 : 200, {
    ...headers,
    'content-length': content.length,
    ...(ranged && { 'content-range': `bytes ${start}-${end - 1}/${body.length}` }),
  });
  if (request.method === 'HEAD') return void response.end();
  const half = content.subarray(0, content.length >> 1);
  server.sent.set(path, (server.sent.get(path) ?? 0) + (fault === undefined ? content.length : half.length));
  if (fault?.kind === 'stall') return void response.write(half);
  if (fault?.kind === 'cut') return void response.write(half, () => request.socket.destroy());
  response.end(content);
}

function takeFault({ faults }: WebServer, path: string, method: string): Fault | undefined {
  const at = faults.findIndex((fault) => fault.path.test(path) && (fault.method ?? 'GET') === method);
  return at < 0 ? undefined : faults.splice(at, 1)[0];
}
