import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { EnvironmentError } from '../matching/errors';

export interface MetricsServer {
  /** Where it listens, as `host:port`. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves `/metrics`: our registry followed by the Temporal SDK's own metrics, which the SDK serves on a port of its own;
 * `/healthz`, which answers 200 as long as the event loop does; and `/readyz`, which answers 200 while the worker takes
 * work and 503 before and after.
 *
 * @param address `host:port`; port 0 takes a free one
 * @param sdkAddress where the SDK serves its metrics
 * @param takesWork whether every pool of the process polls
 * @throws EnvironmentError when the port is taken
 */
export async function serveMetrics(
  address: string,
  registry: Registry,
  sdkAddress: string,
  takesWork: () => boolean
): Promise<MetricsServer> {
  const { host, port } = parseAddress(address);
  const server = createServer((request, response) => {
    switch (request.url) {
      case '/metrics':
        void page(registry, sdkAddress).then((body) => {
          response.writeHead(200, { 'content-type': registry.contentType }).end(body);
        });
        return;
      case '/healthz':
        response.writeHead(200).end('ok\n');
        return;
      case '/readyz':
        if (takesWork()) response.writeHead(200).end('ok\n');
        else response.writeHead(503).end('not taking work\n');
        return;
      case undefined:
      default:
        response.writeHead(404).end('see /metrics, /healthz and /readyz\n');
    }
  });
  await listen(server, host, port);
  const bound = server.address() as AddressInfo;
  return {
    address: `${bound.address}:${bound.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function page(registry: Registry, sdkAddress: string): Promise<string> {
  const own = await registry.metrics();
  try {
    const sdk = await fetch(`http://${sdkAddress}/metrics`, { signal: AbortSignal.timeout(5000) });
    return `${own}\n${await sdk.text()}`;
  } catch {
    // Ours are worth having without the SDK's; a scrape must not fail for them.
    return own;
  }
}

export function parseAddress(address: string): { host: string; port: number } {
  const match = /^(?:(.*):)?(\d{1,5})$/.exec(address);
  if (match === null || Number(match[2]) > 65535) {
    throw new EnvironmentError('not a network address', {
      field: '--metrics',
      found: address,
      expected: 'host:port, for example 127.0.0.1:9464',
    });
  }
  return { host: match[1] === undefined || match[1] === '' ? '127.0.0.1' : match[1], port: Number(match[2]) };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new EnvironmentError('metrics cannot be served', {
          field: '--metrics',
          found: `${host}:${port} (${cause.code ?? cause.message})`,
          expected: 'a free port',
          remedy: 'Choose another with --metrics host:port, or port 0 for any free one.',
          cause,
        })
      );
    });
    server.listen(port, host, () => {
      resolve();
    });
  });
}
