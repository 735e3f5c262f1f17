import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../../artifacts/store/open-store';
import type { Fault } from '../support/fault-proxy';
import { expectCode, runProgram } from '../support/program';
import { createProgramHome } from '../support/program-home';
import { residentProgram } from '../support/resident-program';
import { filesOfRun } from '../support/run-folder';
import { writeSmallModel } from '../support/small-model';
import { startTestBucket } from '../support/test-bucket';
import type { TestBucket } from '../support/test-bucket';

/** A run whose results go to a bucket of the real emulator, with faults, beside the same run into a folder. */
const home = createProgramHome();
const saes = join(home.folder, 'saes');
const local = join(home.folder, 'out');
const runCommand = residentProgram();
let bucket: TestBucket;
let out: string;
let env: Record<string, string>;
const ask = (...args: string[]) => runCommand(args, env);

beforeAll(async () => {
  bucket = await startTestBucket();
  out = `gs://${bucket.name}/deep/results`;
  env = { ...home.env, STORAGE_EMULATOR_HOST: bucket.proxy.url };
  await writeSmallModel(saes, 3, 200);
  expectCode(await runProgram(['run', saes, '--out', local, '--pairs', 'all', '--run-id', 'here'], env), 0);
  bucket.proxy.plan(...faultsOfARun());
  expectCode(await runProgram(['run', saes, '--out', `${out}/`, '--pairs', 'all', '--run-id', 'there'], env), 0);
  bucket.proxy.plan();
}, 240_000);

afterAll(async () => {
  await home.remove();
  await bucket.close();
});

/** Some of every kind, now and then. */
function faultsOfARun(): Fault[] {
  const every = (step: number, matches: Fault['matches']): Fault['matches'] => {
    let seen = 0;
    return (request) => matches(request) && ++seen % step === 0;
  };
  const writes = every(3, ({ method, path }) => method === 'POST' && path.includes('uploadType='));
  const reads = every(3, ({ path }) => path.includes('alt=media'));
  const copies = every(2, ({ path }) => path.includes('/rewriteTo/'));
  return [
    { kind: 'lost reply', times: 2, matches: writes },
    { kind: 'status 503', times: 2, matches: writes },
    { kind: 'corrupted on the way up', matches: writes },
    { kind: 'reset on the way down', times: 2, matches: reads },
    { kind: 'truncated answer', times: 2, matches: reads },
    { kind: 'corrupted on the way down', matches: every(2, ({ path }) => /summary\.json.*alt=media/.test(path)) },
    { kind: 'lost reply', times: 2, matches: copies },
    { kind: 'status 429', times: 2, matches: copies, headers: { 'retry-after': '0' } },
  ];
}

const resultsThere = () => openStore(`${out}/runs/there`);

it('writes the same files as into a folder, and the tables byte by byte', async () => {
  const names = filesOfRun(local, 'here');
  expect(await resultsThere().list('')).toEqual([...names].sort());
  const tables = names.filter((name) => /^(matches|targets)\/|^chains\.parquet$/.test(name));
  expect(tables).toHaveLength(3 * 2 + 1);
  for (const name of tables) {
    expect({
      name,
      same: (await resultsThere().get(name)).equals(readFileSync(join(local, 'runs/here', name))),
    }).toEqual({ name, same: true });
  }
});

it('is proved by verify, from the URL of the run', async () => {
  const { code, stdout } = await ask('verify', `${out}/runs/there`, '--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, checksums: { ok: true, faults: [] } });
});

it('is exported from its URL as from a folder', async () => {
  const exported = async (results: string, name: string): Promise<Buffer[]> => {
    const folder = join(home.folder, name);
    expectCode(await ask('export', results, '--to', 'npy', '--output', folder), 0);
    const pairs = ['00_target_01', '00_target_02', '01_target_02'];
    return pairs.map((pair) => readFileSync(join(folder, `source_${pair}.npy`)));
  };
  expect(await exported(`${out}/runs/there`, 'npy-there')).toEqual(
    await exported(join(local, 'runs/here'), 'npy-here')
  );
});

it('is known to status, list and chains, by id and by URL', async () => {
  const byId = await ask('status', 'there', '--out', out, '--json');
  expect(JSON.parse(byId.stdout)).toMatchObject({ state: 'done', location: `${out}/runs/there` });
  expect(await ask('status', `${out}/runs/there/`, '--json')).toEqual(byId);
  const listed = JSON.parse((await ask('list', '--out', out, '--json')).stdout) as { run_id: string }[];
  expect(listed.map(({ run_id }) => run_id)).toContain('there');
  const chains = await ask('chains', `${out}/runs/there`, '--best', '3', '--json');
  const same = await ask('chains', join(local, 'runs/here'), '--best', '3', '--json');
  expect(chains).toEqual(same);
});

it('is reported without work when the same command comes again, and resumed without work from its URL', async () => {
  const again = await ask('run', saes, '--out', out, '--pairs', 'all', '--run-id', 'there');
  expectCode(again, 0);
  expect(again.stderr).toContain('is done already');
  expect(again.stdout).toContain(`results: ${out}/runs/there`);
  const stored = await openStore(`${out}/artifacts`).list('');
  expectCode(await ask('resume', `${out}/runs/there`), 0);
  expect(await openStore(`${out}/artifacts`).list('')).toEqual(stored);
}, 120_000);

it('of a pair goes to a bucket as well, unless something else is there', async () => {
  const place = `gs://${bucket.name}/pair`;
  const pair = (target: string) => ask('pair', `${saes}#0`, `${saes}#1`, '--out', target);
  for (let time = 0; time < 2; time++) expectCode(await pair(place), 0);
  expect((await openStore(place).list('')).filter((name) => name.startsWith('artifacts/'))).toEqual([]);
  expectCode(await ask('verify', place), 0);
  const refused = await pair(`gs://${bucket.name}/deep`);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('the folder is not empty and not of an earlier pair');
}, 120_000);

it('cannot go to a bucket that is not there, which is said before any work', async () => {
  for (const verb of [
    ['pair', `${saes}#0`, `${saes}#1`],
    ['run', saes],
  ]) {
    const { code, stderr } = await ask(...verb, '--out', 'gs://no-such-bucket/x');
    expect(code).toBe(1);
    expect(stderr).toMatch(/gs:\/\/no-such-bucket: there is no such bucket\. Create it/);
  }
});

it('is checked by doctor like any other place', async () => {
  const { stdout } = await ask('doctor', '--out', `${out}/`, '--json');
  const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string; detail: string }[] };
  expect(checks.find(({ name }) => name === 'store')).toMatchObject({
    status: 'ok',
    detail: `${out}: written and read back`,
  });
});
