import { createHash } from 'node:crypto';
import { createServer } from 'node:net';

import { EnvironmentError, UsageError } from '../matching/errors';

/** First port and number of ports used by default: below the ranges from which systems give out ports by themselves. */
const firstPort = 20_000;
const portCount = 10_000;

/**
 * The port a person asked for with `SAE_MATCH_PORT`, or undefined.
 *
 * @throws UsageError when it is not a port number.
 */
export function requestedPort(env: NodeJS.ProcessEnv = process.env): number | undefined {
  const text = env.SAE_MATCH_PORT;
  if (text === undefined || text === '') return undefined;
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new UsageError('not a port', { field: 'SAE_MATCH_PORT', found: `"${text}"`, expected: 'a number 1 to 65535' });
}

/** Whether a server can listen on `port` of the loopback address now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

/**
 * The free port to use for `folder`: `preferred` when it is free, else one that depends only on the folder, so that
 * workers which reconnect after a restart find the server where it was.
 *
 * @throws EnvironmentError when a hundred candidates are all busy.
 */
export async function choosePort(folder: string, preferred?: number): Promise<number> {
  const start = createHash('sha256').update(folder).digest().readUInt32BE(0) % portCount;
  const candidates = Array.from({ length: 100 }, (_, i) => firstPort + ((start + i) % portCount));
  for (const port of preferred === undefined ? candidates : [preferred, ...candidates]) {
    if (await isPortFree(port)) return port;
  }
  throw new EnvironmentError('no free port was found', {
    found: `100 busy ports from ${firstPort + start}`,
    remedy: 'Set SAE_MATCH_PORT to a free port.',
  });
}
