import { createServer, type Server } from 'node:net';

import { choosePort, isPortFree, requestedPort } from '../../infra/ports';
import { UsageError } from '../../matching/errors';

async function listenOn(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}

test('the port of a folder stays the same while it is free, and another one is chosen while it is busy', async () => {
  const port = await choosePort('/some/home');
  expect(await choosePort('/some/home')).toBe(port);
  const server = await listenOn(port);
  expect(await isPortFree(port)).toBe(false);
  const other = await choosePort('/some/home');
  expect(other).not.toBe(port);
  expect(await isPortFree(other)).toBe(true);
  server.close();
});

test('the port used before is preferred when it is free', async () => {
  const usual = await choosePort('/some/home');
  const before = await choosePort('/another/home');
  expect(await choosePort('/some/home', before)).toBe(before);
  const server = await listenOn(before);
  expect(await choosePort('/some/home', before)).toBe(usual);
  server.close();
});

test('SAE_MATCH_PORT is read as a port number or refused', () => {
  expect(requestedPort({ SAE_MATCH_PORT: '7233' })).toBe(7233);
  expect(requestedPort({ SAE_MATCH_PORT: '' })).toBeUndefined();
  expect(requestedPort({})).toBeUndefined();
  for (const text of ['0', '65536', '12x', '-1', '1e3']) {
    expect(() => requestedPort({ SAE_MATCH_PORT: text })).toThrow(UsageError);
  }
});
