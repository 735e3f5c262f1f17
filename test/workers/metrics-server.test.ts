import { Registry } from 'prom-client';
import { serveMetrics } from '../../workers/metrics-server';

it('is alive as long as it answers, and ready only while the worker takes work', async () => {
  let takesWork = false;
  const server = await serveMetrics('127.0.0.1:0', new Registry(), '127.0.0.1:1', () => takesWork);
  const status = async (path: string): Promise<number> => (await fetch(`http://${server.address}${path}`)).status;
  try {
    expect([await status('/healthz'), await status('/readyz')]).toEqual([200, 503]);
    takesWork = true;
    expect([await status('/healthz'), await status('/readyz')]).toEqual([200, 200]);
    takesWork = false;
    expect([await status('/healthz'), await status('/readyz'), await status('/')]).toEqual([200, 503, 404]);
  } finally {
    await server.close();
  }
});
