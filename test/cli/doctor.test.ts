import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  checkBinary,
  checkCache,
  checkDevices,
  checkFolder,
  checkNode,
  checkServer,
  checkStore,
  failure,
  judgeDisk,
} from '../../cli/verbs/doctor';
import type { Check } from '../../cli/verbs/doctor';
import { openHome } from '../../infra/home';
import { ensureServer, stopServer } from '../../infra/temporal/embedded-server';
import { findTemporal } from '../../infra/temporal/find-binary';
import { EnvironmentError } from '../../matching/errors';
import { plainServer } from '../../workers/connection';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'sae-match-doctor-test-')));
const home = openHome({ SAE_MATCH_HOME: join(base, 'home'), XDG_CACHE_HOME: join(base, 'cache') });
let address: string;

beforeAll(async () => {
  ({ address } = await ensureServer(home, { binary: await findTemporal(openHome()) }));
}, 600_000);
afterAll(async () => {
  await stopServer(home);
  rmSync(base, { recursive: true, force: true });
});

/** A new folder that holds nothing. */
function emptyFolder(): string {
  return mkdtempSync(join(base, 'case-'));
}

describe('the command', () => {
  const main = join(__dirname, '../../dist/cli/main.js');

  function doctor(args: readonly string[], env: NodeJS.ProcessEnv): { status: number | null; stdout: string } {
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')));
    return spawnSync(process.execPath, [main, 'doctor', ...args], { env: { ...inherited, ...env }, encoding: 'utf8' });
  }

  test('everything in order gives exit code 0 and one JSON document, and no file remains', () => {
    const folder = emptyFolder();
    const env = { SAE_MATCH_HOME: home.dir, XDG_CACHE_HOME: join(folder, 'cache'), TEMPORAL_ADDRESS: address };
    const { status, stdout } = doctor(['--json', '--out', join(folder, 'a', 'b')], env);
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Check[] };
    expect([status, ok]).toEqual([0, true]);
    const detail = (name: string): string => checks.find((check) => check.name === name)!.detail;
    expect(detail('Node.js')).toBe(process.versions.node);
    expect(detail('device cpu')).toMatch(/^onnxruntime \d/);
    expect(detail('Temporal')).toBe(`server ${address}, namespace default, no TLS`);
    expect(detail('embedded server')).toMatch(new RegExp(`^${address} \\(process \\d+\\), no worker$`));
    expect(detail('store')).toBe(`${join(folder, 'a', 'b')}: written and read back`);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('what is missing is printed as FAIL with its remedy, gives exit code 1, and nothing is created', () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'file'), '');
    const env = {
      PATH: folder,
      SAE_MATCH_HOME: join(folder, 'home'),
      XDG_CACHE_HOME: join(folder, 'cache'),
      SAE_MATCH_TEMPORAL: '',
      SAE_MATCH_TEMPORAL_DOWNLOAD: 'off',
    };
    const { status, stdout } = doctor(['--out', join(folder, 'file')], env);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^ok {4}Node\.js/m);
    expect(stdout).toMatch(/^FAIL {2}Temporal .*no Go\n +→ Put the Temporal CLI/m);
    expect(stdout).toMatch(/^FAIL {2}store .*file.*\n +→ /m);
    expect(stdout).toMatch(/2 of \d+ checks failed\n$/);
    expect(readdirSync(folder)).toEqual(['file']);
  });
});

describe('Temporal', () => {
  test('a server that answers is ok', async () => {
    expect(await checkServer(plainServer(address))).toEqual({
      name: 'Temporal',
      status: 'ok',
      detail: `server ${address}, namespace default, no TLS`,
    });
  });

  test('a namespace that the server does not have fails by its name', async () => {
    const { status, detail } = await checkServer({ ...plainServer(address), namespace: 'elsewhere' });
    expect(status).toBe('fail');
    expect(detail).toMatch(/namespace elsewhere, no TLS: .*has no such namespace/);
  });

  test('a server that does not answer fails with its address and what to check', async () => {
    const check = await checkServer(plainServer('127.0.0.1:1'), 500);
    expect(check.status).toBe('fail');
    expect(check.detail).toContain('server 127.0.0.1:1, namespace default, no TLS: ');
    expect(check.remedy).toContain('TEMPORAL_ADDRESS');
  });

  test('a key and a client certificate are named, not printed', async () => {
    const crt = Buffer.from('secret-certificate');
    const connection = { address: 'localhost:1', apiKey: 'secret-key', tls: { clientCertPair: { crt, key: crt } } };
    const check = await checkServer({ connection, namespace: 'default' }, 500);
    expect(check.detail).toContain('TLS, API key set, client certificate set');
    expect(JSON.stringify(check)).not.toContain('secret');
  });

  test.each([
    ['an API key', { apiKey: 'secret-one\nsecret-two', tls: false }, 'Bearer ***'],
    ['a header', { metadata: { authorization: 'secret-header\n' } }, '"***"'],
  ])('%s that the library refuses, and quotes, stays secret', async (_, settings, shown) => {
    const check = await checkServer({ connection: { address, ...settings }, namespace: 'default' });
    expect(check.status).toBe('fail');
    expect(check.detail).toContain(shown);
    expect(JSON.stringify(check)).not.toContain('secret');
  });

  test('the embedded server needs an installed program, or Go, or a download', async () => {
    const yes = (): Promise<boolean> => Promise.resolve(true);
    const no = (): Promise<boolean> => Promise.resolve(false);
    const installed = await checkBinary({ path: '/p/temporal', version: '1.5.1', source: 'PATH' }, null, no);
    expect(installed).toMatchObject({ status: 'ok', detail: 'embedded, temporal 1.5.1: /p/temporal (PATH)' });
    expect((await checkBinary(undefined, '1.26.0', no)).status).toBe('ok');
    expect((await checkBinary(undefined, null, yes)).status).toBe('ok');
    expect((await checkBinary(undefined, null, no)).status).toBe('fail');
    expect((await checkBinary(undefined, '1.9', no)).detail).toContain('Go 1.9');
  });
});

test('an unsupported Node.js fails with the version that is needed', () => {
  expect(checkNode({ version: '18.1.0', supported: false, minimum: '20.19.0' })).toMatchObject({
    status: 'fail',
    remedy: 'Install Node.js 20.19.0 or later.',
  });
});

describe('devices', () => {
  const broken = { works: false, detail: 'no' };
  const statuses = (checks: readonly Check[]): string[] => checks.map(({ name, status }) => `${name}: ${status}`);

  test('a machine without a GPU is in order', () => {
    const checks = checkDevices(
      [
        { device: 'cuda', ...broken },
        { device: 'webgpu', ...broken },
      ],
      false
    );
    expect(statuses(checks)).toEqual(['device javascript: ok', 'device cuda: ok', 'device webgpu: ok']);
    expect(checks[1]!.detail).toBe('not usable: no (optional)');
  });

  test('an NVIDIA GPU that cannot be used and a CPU without onnxruntime are warnings', () => {
    const checks = checkDevices(
      [
        { device: 'cpu', ...broken },
        { device: 'cuda', ...broken },
      ],
      true
    );
    expect(statuses(checks)).toEqual(['device javascript: ok', 'device cpu: warn', 'device cuda: warn']);
    expect(checks.slice(1).every(({ remedy }) => remedy !== undefined)).toBe(true);
  });

  test('a device that works shows its version', () => {
    const checks = checkDevices([{ device: 'cuda', works: true, detail: 'onnxruntime 1.30.0' }], true);
    expect(checks[1]).toEqual({ name: 'device cuda', status: 'ok', detail: 'onnxruntime 1.30.0' });
  });
});

describe('folders and disk', () => {
  test('the store check leaves a folder that was there as it was', async () => {
    const folder = emptyFolder();
    mkdirSync(join(folder, 'runs'));
    expect((await checkStore(folder)).status).toBe('ok');
    expect((await checkStore(`file://${folder}`)).status).toBe('ok');
    expect(readdirSync(folder)).toEqual(['runs']);
  });

  test('an output folder below a file cannot be written', async () => {
    const file = join(emptyFolder(), 'file');
    writeFileSync(file, '');
    await expect(checkStore(join(file, 'out'))).rejects.toThrow(EnvironmentError);
    expect(readdirSync(dirname(file))).toEqual(['file']);
  });

  test('a folder may be missing, but not below a file', () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'file'), '');
    expect(checkFolder('x', folder, 'V')).toEqual({ name: 'x', status: 'ok', detail: folder });
    expect(checkFolder('x', join(folder, 'a', 'b'), 'V').detail).toBe(
      `${join(folder, 'a', 'b')} (created when needed)`
    );
    const below = checkFolder('x', join(folder, 'file', 'b'), 'V');
    expect(below.status).toBe('fail');
    expect(below.remedy).toContain('Point V at a folder');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  test('the cache of downloads says how much it keeps, and may keep', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'file'), Buffer.alloc(1500));
    writeFileSync(join(folder, 'other'), Buffer.alloc(500));
    expect(await checkCache({ folder, limitBytes: 5e9 })).toEqual({
      ...{ name: 'download cache', status: 'ok' },
      detail: `${folder}: 2.00 kB of at most 5.00 GB`,
    });
    const missing = await checkCache({ folder: join(folder, 'a'), limitBytes: 5e9 });
    expect(missing.detail).toBe(`${join(folder, 'a')} (created when needed): 0 B of at most 5.00 GB`);
    expect((await checkCache({ folder: join(folder, 'file'), limitBytes: 5e9 })).status).toBe('fail');
  });

  test('less than 1 GB of free disk is a warning', () => {
    expect(judgeDisk('/x', 999_999_999).status).toBe('warn');
    expect(judgeDisk('/x', 1e9)).toEqual({ name: 'disk', status: 'ok', detail: '1.00 GB free for /x' });
  });
});

test('an error becomes a failed check with its remedy apart', () => {
  const error = new EnvironmentError('it is broken', { file: '/x', found: 'y', remedy: 'Mend it.' });
  expect(failure('thing', error)).toEqual({
    name: 'thing',
    status: 'fail',
    detail: '/x: it is broken (found y)',
    remedy: 'Mend it.',
  });
  expect(failure('thing', new Error('boom'))).toEqual({ name: 'thing', status: 'fail', detail: 'boom' });
});
