import { createServer, request as requestUpstream } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UploadSessions } from './upload-sessions';

/** What goes wrong with a request and its answer. */
export type FaultKind =
  /** An answer of this status instead of the server's, as load balancers give it. */
  | `status ${number}`
  /** The connection is reset when half of the request has arrived; a session keeps what it got of a piece. */
  | 'reset on the way up'
  /** The connection is reset in the middle of the answer. */
  | 'reset on the way down'
  /** Half of the answer, which says that it is whole. */
  | 'truncated answer'
  /** One byte of the request is another. */
  | 'corrupted on the way up'
  /** One byte of the answer is another. */
  | 'corrupted on the way down'
  /** The request is taken and nothing comes back. */
  | 'stall'
  /** Half of the answer comes back, and then nothing. */
  | 'stall in the answer'
  /** The request is carried out, and the connection ends before the answer. */
  | 'lost reply';

export interface Fault {
  readonly kind: FaultKind;
  /** Requests that go wrong, of those that match. @default 1 */
  readonly times?: number;
  readonly matches: (request: SeenRequest) => boolean;
  /** Headers of an answer that stands for the server's. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Happens when the server has answered and the client does not know yet. */
  readonly meanwhile?: () => Promise<unknown>;
}

export interface SeenRequest {
  readonly method: string;
  /** Path and query, percent-encoded. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** A server between a client and an emulator of buckets that lets things go wrong. */
export interface FaultProxy {
  readonly url: string;
  /** Every request with the bytes of its body, in order. */
  readonly requests: (SeenRequest & { readonly bytes: number })[];
  /** Replaces what is to go wrong. */
  plan(...faults: Fault[]): void;
  /** Requests that went wrong since the last plan. */
  happened(): number;
  /** Has every request looked at as it arrives. */
  onRequest(look: (request: SeenRequest, body: Buffer) => void): void;
  close(): Promise<void>;
}

/** @param address where it listens */
export async function startFaultProxy(upstream: string, address = '127.0.0.1'): Promise<FaultProxy> {
  const requests: FaultProxy['requests'] = [];
  const sessions = new UploadSessions((seen, body) => forward(upstream, seen, body));
  let planned: { fault: Fault; left: number }[] = [];
  let happened = 0;
  const watchers: Parameters<FaultProxy['onRequest']>[0][] = [];
  const take = (seen: SeenRequest): Fault | null => {
    const due = planned.find(({ fault, left }) => left > 0 && fault.matches(seen));
    if (due === undefined) return null;
    due.left -= 1;
    happened += 1;
    return due.fault;
  };
  const server = createServer((request, response) => {
    const seen = { method: request.method!, path: request.url!, headers: request.headers };
    const fault = take(seen);
    read(request)
      .then(async (body) => {
        requests.push({ ...seen, bytes: body.length });
        for (const look of watchers) look(seen, body);
        await answer({ request, response, seen, body, fault, sessions });
      })
      // A client that was killed is gone in the middle of its request.
      .catch(() => request.socket.destroy());
  });
  await new Promise<void>((done) => server.listen(0, address, done));
  return {
    url: `http://${address}:${(server.address() as AddressInfo).port}`,
    requests,
    plan: (...faults) => {
      planned = faults.map((fault) => ({ fault, left: fault.times ?? 1 }));
      happened = 0;
    },
    happened: () => happened,
    onRequest: (look) => void watchers.push(look),
    close: () =>
      new Promise((done) => {
        server.close(() => {
          done();
        });
        server.closeAllConnections();
      }),
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly seen: SeenRequest;
  readonly body: Buffer;
  readonly fault: Fault | null;
  readonly sessions: UploadSessions;
}

async function answer({ request, response, seen, body, fault, sessions }: Exchange): Promise<void> {
  const kind = fault?.kind;
  if (kind === 'stall') return;
  if (kind === 'reset on the way up') {
    await sessions.keepPart(seen, body.subarray(0, body.length >> 1));
    request.socket.resetAndDestroy();
    return;
  }
  if (kind?.startsWith('status ') === true) {
    response.writeHead(Number(kind.slice('status '.length)), fault!.headers).end();
    return;
  }
  const sent = kind === 'corrupted on the way up' ? flipped(body, body.length >> 1) : body;
  const { status, headers, content } = await sessions.carryOut(seen, sent);
  await fault?.meanwhile?.();
  if (kind === 'lost reply') {
    request.socket.destroy();
    return;
  }
  const half = content.subarray(0, content.length >> 1);
  const whole =
    kind === 'truncated answer' ? half : kind === 'corrupted on the way down' ? flipped(content, 0) : content;
  response.writeHead(status, { ...headers, 'content-length': whole.length });
  if (kind === 'reset on the way down') response.write(half, () => request.socket.resetAndDestroy());
  else if (kind === 'stall in the answer') response.write(half);
  else response.end(whole);
}

/** What a server answered. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly content: Buffer;
}

function forward(upstream: string, { method, path, headers }: SeenRequest, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // The host stays that of the proxy, so that the addresses of upload sessions lead through it.
    const own = { ...headers, connection: 'close', ...(body.length > 0 && { 'content-length': String(body.length) }) };
    const outgoing = requestUpstream(new URL(path, upstream), { method, headers: own }, (incoming) => {
      read(incoming).then((content) => {
        const headers = { ...incoming.headers };
        // Those are of the connection, not of the answer.
        delete headers.connection;
        delete headers['transfer-encoding'];
        resolve({ status: incoming.statusCode!, headers, content });
      }, reject);
    });
    outgoing.on('error', reject).end(body);
  });
}

async function read(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function flipped(body: Buffer, at: number): Buffer {
  const copy = Buffer.from(body);
  if (copy.length > 0) copy[at]! ^= 1;
  return copy;
}
