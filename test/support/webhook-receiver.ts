import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';

export interface WebhookEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A program that is told of runs, and checks who tells it. */
export interface WebhookReceiver {
  /** What makes workers tell it. */
  readonly env: Readonly<Record<string, string>>;
  /** Accepted deliveries, in order. */
  readonly accepted: { readonly id: string; readonly event: WebhookEvent }[];
  /** Refuses so many deliveries from now on; without an argument, how many are still to come. */
  refuse(count?: number): number;
  /** What it was told of a run so far, in order of type. */
  eventsOf(runId: string): WebhookEvent[];
  /** The same, once it was told `count` times. */
  events(runId: string, count: number): Promise<WebhookEvent[]>;
  close(): Promise<void>;
}

const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const accepted: WebhookReceiver['accepted'] = [];
  let refusals = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = request.headers as Record<string, string>;
      const event = new Webhook(SECRET).verify(Buffer.concat(chunks).toString(), headers) as WebhookEvent;
      if (refusals > 0) {
        refusals -= 1;
        response.writeHead(503).end();
        return;
      }
      accepted.push({ id: headers['webhook-id']!, event });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const eventsOf = (runId: string): WebhookEvent[] =>
    accepted
      .flatMap(({ event }) => (event.data.run_id === runId ? [event] : []))
      .sort((a, b) => (a.type < b.type ? -1 : 1));
  return {
    accepted,
    env: {
      SAE_MATCH_WEBHOOK_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      SAE_MATCH_WEBHOOK_SECRET: SECRET,
    },
    refuse: (count) => (refusals = count ?? refusals),
    eventsOf,
    events: async (runId, count) => {
      while (eventsOf(runId).length < count) await sleep(50);
      return eventsOf(runId);
    },
    close: () =>
      new Promise((done) => {
        server.close(() => {
          done();
        });
        server.closeAllConnections();
      }),
  };
}
