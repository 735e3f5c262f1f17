import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHome } from '../../infra/home';
import { ensureServer, stopServer } from '../../infra/temporal/embedded-server';
import type { EmbeddedServer } from '../../infra/temporal/embedded-server';
import { isLoopback, listeningSockets } from '../support/listening';
import type { Listening } from '../support/listening';
import { killPrograms, startProgram } from '../support/program';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sae-match-listening-')));
const env = { SAE_MATCH_HOME: join(folder, 'home') };
const home = openHome({ ...process.env, ...env });
let server: EmbeddedServer;

// The kernel is asked, and only Linux answers in this way.
const linux = process.platform === 'linux' ? describe : describe.skip;

linux('what waits for connections', () => {
  beforeAll(async () => {
    server = await ensureServer(home, { ui: true });
  }, 120_000);

  afterAll(async () => {
    await killPrograms();
    await stopServer(home);
    rmSync(folder, { recursive: true, force: true });
  });

  it('of the embedded server and its web page is on the loopback address', () => {
    const sockets = listeningSockets(server.pid);
    const ports = sockets.map(({ port }) => port);
    expect(ports).toContain(Number(server.address.split(':')[1]));
    expect(ports).toContain(Number(new URL(server.uiAddress!).port));
    expect(sockets.filter((socket) => !isLoopback(socket))).toEqual([]);
  });

  it.each([
    ['a port alone', '0'],
    ['the loopback address', '127.0.0.1:0'],
  ])('of a worker with %s for /metrics is on the loopback address, the metrics of the SDK too', async (_, metrics) => {
    const { sockets, port } = await worker(metrics);
    expect(sockets.length).toBeGreaterThan(1);
    expect(sockets.map((socket) => socket.port)).toContain(port);
    expect(sockets.filter((socket) => !isLoopback(socket))).toEqual([]);
  });

  it('of a worker is on every interface for /metrics alone, where it is told so', async () => {
    const { sockets, port } = await worker('0.0.0.0:0');
    const open = sockets.filter((socket) => !isLoopback(socket));
    expect(open).toEqual([{ address: '00000000', port }]);
  });
});

async function worker(metrics: string): Promise<{ sockets: Listening[]; port: number }> {
  const command = startProgram(['worker', '--address', server.address, '--metrics', metrics, '--grace', '0'], env);
  await command.says('worker ready');
  const port = Number(/:(\d+)\/metrics/.exec(command.said())![1]);
  const sockets = listeningSockets(command.pid);
  command.kill('SIGTERM');
  await command.finished;
  return { sockets, port };
}
