import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

import { EnvironmentError, UnavailableError } from '../../matching/errors';
import { deliver } from '../../transport/webhook';

const KEY = Buffer.from('0123456789abcdef0123456789abcdef');
const MESSAGE = { id: 'ending.run', body: '{"type":"run.finished","data":{"ß":1}}' };
const never = new AbortController().signal;

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const received: Received[] = [];
let answer: { status: number; headers?: Record<string, string> } | 'nothing' = { status: 204 };
let server: Server;
const url = (): URL => new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/planted-path`);
const send = (key: Buffer | null = KEY, signal = never): Promise<void> =>
  deliver({ url: url(), key }, MESSAGE, new Date(), signal);

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      if (answer !== 'nothing') response.writeHead(answer.status, answer.headers).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});

beforeEach(() => {
  received.length = 0;
  answer = { status: 204 };
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe('a webhook', () => {
  it('carries a signature that the reference implementation of the specification accepts', async () => {
    await send();
    const [{ headers, body }] = received as [Received];
    const verifier = new Webhook(`whsec_${KEY.toString('base64')}`);
    expect(verifier.verify(body, headers as Record<string, string>)).toEqual(JSON.parse(MESSAGE.body));
    expect(headers['webhook-id']).toBe(MESSAGE.id);
    expect(() => verifier.verify(body.replace('finished', 'failed'), headers as Record<string, string>)).toThrow();
  });

  it('carries no signature without a key', async () => {
    await send(null);
    expect(received[0]!.headers['webhook-signature']).toBeUndefined();
  });

  it.each([400, 404, 408, 429, 500, 503])('is to be delivered again after status %d', async (status) => {
    answer = { status };
    await expect(send()).rejects.toBeInstanceOf(UnavailableError);
  });

  it('is delivered again no sooner than the receiver asks for', async () => {
    answer = { status: 429, headers: { 'retry-after': '7' } };
    await expect(send()).rejects.toMatchObject({ retryAfterMs: 7000 });
  });

  it.each([410, 301, 307])('is not delivered again after status %d', async (status) => {
    answer = { status, headers: { location: url().href } };
    await expect(send()).rejects.toBeInstanceOf(EnvironmentError);
    expect(received).toHaveLength(1);
  });

  it('is given up when the activity is told to stop', async () => {
    answer = 'nothing';
    const stop = new AbortController();
    const sent = send(KEY, stop.signal);
    while (received.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort(new Error('stopped'));
    await expect(sent).rejects.toThrow('stopped');
  });

  it('never names more of its address than the host', async () => {
    answer = { status: 500 };
    await expect(send()).rejects.toThrow(/127\.0\.0\.1/);
    await expect(send()).rejects.not.toThrow(/planted-path/);
  });
});
