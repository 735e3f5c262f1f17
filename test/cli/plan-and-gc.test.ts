import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunPreview } from '../../activities/preview/preview-run';
import { runProgram } from '../support/program';
import type { Finished } from '../support/program';
import { createProgramHome } from '../support/program-home';
import { residentProgram } from '../support/resident-program';
import { readRunManifest } from '../support/run-folder';
import { EXAMPLE, writeSmallModel } from '../support/small-model';

const home = createProgramHome();
const at = (name: string): string => join(home.folder, name);
const [saes, out] = [at('saes'), at('out')];
const runCommand = residentProgram();
const ask = (...args: string[]): Promise<Finished> => runCommand(args, home.env);
const run = (runId: string, ...flags: string[]): Promise<Finished> =>
  runProgram(['run', saes, '--out', out, '--run-id', runId, ...flags], home.env);
const gc = (...flags: string[]): Promise<Finished> => ask('gc', '--out', out, '--older-than', '0', ...flags);
const artifacts = (kind: string): string[] =>
  existsSync(join(out, 'artifacts', kind)) ? readdirSync(join(out, 'artifacts', kind)).sort() : [];

interface Planned extends RunPreview {
  readonly run_id: string;
}
async function plan(runId: string, ...flags: string[]): Promise<Planned> {
  const { code, stdout, stderr } = await ask('plan', saes, '--out', out, '--run-id', runId, '--json', ...flags);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Planned;
}
const states = ({ layers, pairs }: Planned): string[] => [...layers, ...pairs].map(({ state }) => state);

let files: string[];
let before: Planned;
beforeAll(async () => {
  files = await writeSmallModel(saes, 3, 64);
  before = await plan('one');
  // The embedded server stays for the other runs.
  const { code, stderr } = await run('one', '--detach');
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  expect((await run('one')).code).toBe(0);
  expect((await run('two', '--weights', 'all')).code).toBe(0);
}, 240_000);

afterAll(() => home.remove());

describe('plan', () => {
  it('says before a run that everything is to be done, and after it that nothing is', async () => {
    expect(before).toMatchObject({ run_id: 'one', run: { state: 'new' } });
    expect(states(before)).toEqual(['fold', 'fold', 'fold', 'match', 'match']);
    const after = await plan('one');
    expect(after.run.state).toBe('done');
    expect(states(after)).toEqual(['cached', 'cached', 'cached', 'cached', 'cached']);
    expect(after.pairs.map(({ key }) => key)).toEqual(before.pairs.map(({ key }) => key));
    expect(readRunManifest(out, 'one')).toMatchObject({
      content_keys: { matches: after.pairs.map(({ key }) => key).sort() },
    });
  });

  it('names the option that differs, for a person too', async () => {
    const { code, stdout } = await ask('plan', saes, '--out', out, '--weights', 'encoder', '--pairs', '0:1,0:2');
    expect(code).toBe(0);
    expect(stdout).toMatch(/0→1 +match +weights: (decoder|all) → encoder\n/);
    expect(stdout).toMatch(/0→2 +match +nothing is stored for these layers\n/);
    expect(stdout).toContain('layers   3 cached\n');
  });

  it('names the file that has changed, and that the finished run refuses it', async () => {
    cpSync(saes, at('kept'), { recursive: true });
    cpSync(files[2]!, files[1]!);
    const changed = await plan('one');
    const { stdout } = await ask('plan', saes, '--out', out, '--run-id', 'one');
    cpSync(at('kept'), saes, { recursive: true });
    expect(changed.run).toEqual({ state: 'done', changed_layers: [1] });
    expect(states(changed)).toEqual(['cached', 'fold', 'cached', 'match', 'match']);
    expect(stdout).toMatch(/1 +fold +params\.npz has changed \(sha256 [0-9a-f]{8}… → [0-9a-f]{8}…\)/);
    expect(stdout).toContain('other files than there are now (layer 1)');
  });

  it('says what is to be done, by size exactly as the run came to do it', () => {
    const { planning } = readRunManifest(out, 'one');
    const { prediction, totals } = before;
    expect(prediction).toMatchObject({ rates: 'default', measured: null, device: 'cpu', folds: 3, matches: 2 });
    expect(planning!.predicted).toMatchObject({ folds: 3, matches: 2, read_bytes: totals.read_bytes });
    expect(planning!.actual).toMatchObject({ folds: 3, matches: 2, read_bytes: totals.read_bytes });
    expect(planning!.actual.multiply_adds).toBe(prediction!.multiply_adds.expected);
    expect(planning!.actual.stored_bytes).toBeGreaterThan(0);
    expect(planning!.actual.seconds).toBeGreaterThan(0);
    // Its layers were there already.
    expect(readRunManifest(out, 'two').planning!.actual).toMatchObject({ folds: 0, matches: 2, read_bytes: 0 });
  });

  it('says at the end of a run what was predicted', async () => {
    const { stdout } = await run('one');
    expect(stdout).toMatch(/^predicted \d.* matching .*, read .*, stored .*$/m);
    expect(stdout).toMatch(/^took +\d.* matching .*$/m);
  });

  it('says what a run costs on several devices: all of them for as long as it takes', async () => {
    const flags = ['--weights', 'encoder', '--price', '3.5', '--devices-count', '2'];
    const { prediction, cost } = (await plan('three', ...flags)) as Planned & { cost: Record<string, number> };
    const hours = (2 * prediction!.seconds.expected) / 3600;
    expect(cost).toMatchObject({ price: 3.5, device_hours: hours, expected: 3.5 * hours });
    const { stdout } = await ask('plan', saes, '--out', out, ...flags);
    expect(stdout).toMatch(/^time .* on 2 times cpu$/m);
    expect(stdout).toMatch(/^cost .* device-hours at 3\.5$/m);
  });

  it('knows no time of a device that was not measured', async () => {
    expect((await plan('one', '--weights', 'encoder', '--device', 'webgpu')).prediction).toBeNull();
    const { stdout } = await ask('plan', saes, '--out', out, '--device', 'webgpu', '--price', '1');
    expect(stdout).toMatch(/^time +not known for webgpu/m);
    expect(stdout).not.toMatch(/^cost/m);
  });

  it.each([
    ['--price', 'much'],
    ['--devices-count', '0'],
    ['--match-slots', 'two'],
    ['--device', 'abacus'],
  ])('is a usage error with %s %s', async (flag, value) => {
    const { code, stderr } = await ask('plan', saes, '--out', out, flag, value);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(flag) as string });
  });

  it('names the pair that does not fit the memory budget, as the run does before it starts anything', async () => {
    const elsewhere = at('nothing');
    for (const verb of ['plan', 'run']) {
      const { code, stderr } = await ask(verb, saes, '--out', elsewhere, '--memory-budget', '1MiB');
      expect(code).toBe(1);
      for (const part of ['pair 0→1', 'found 1 MiB', /at least \d+ MiB for 64 x 64 features/, '--match-slots']) {
        expect(stderr).toMatch(part);
      }
    }
    expect(existsSync(elsewhere)).toBe(false);
    // What is stored needs no memory.
    expect(await plan('one', '--memory-budget', '1MiB')).toMatchObject({ misfits: [] });
  });

  it('is a usage error with a flag that cannot be understood, and fails without a source', async () => {
    expect((await ask('plan', saes, '--weights', 'half')).code).toBe(2);
    expect((await ask('plan', at('nowhere'))).code).toBe(1);
  });
});

describe('gc', () => {
  it('keeps what runs refer to, and all of them still verify', async () => {
    const { code, stdout } = await gc('--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ dry_run: false, removed: [], kept: { used: 3 + 4 + 2 }, live: [] });
    for (const runId of ['one', 'two']) expect((await ask('verify', join(out, 'runs', runId))).code).toBe(0);
  });

  it('removes what only a deleted run referred to, and nothing with --dry-run', async () => {
    const mine = readRunManifest(out, 'one').content_keys!;
    rmSync(join(out, 'runs/two'), { recursive: true });
    const dry = await gc('--dry-run');
    expect(dry.stdout).toMatch(/matched pairs +2 /);
    expect(dry.stderr).toContain('without --dry-run');
    expect(artifacts('matches')).toHaveLength(4);
    expect((await gc()).stdout).toMatch(/removed +count +size/);
    expect(artifacts('matches')).toEqual(mine.matches);
    expect(artifacts('folded')).toEqual(mine.folded);
    expect(artifacts('chains')).toEqual(mine.chains);
    expect((await ask('verify', join(out, 'runs/one'))).code).toBe(0);
    expect(states(await plan('one'))).not.toContain('match');
  });

  it('removes nothing while a manifest is broken', async () => {
    const broken = join(out, 'runs/broken');
    cpSync(join(out, 'runs/one'), broken, { recursive: true });
    writeFileSync(join(broken, 'manifest.json'), '{}');
    const { code, stderr } = await gc();
    rmSync(broken, { recursive: true });
    expect(code).toBe(1);
    expect(stderr).toContain('nothing is removed');
    expect(artifacts('matches')).toHaveLength(2);
  });

  it('keeps what an unfinished run may need, until it is abandoned', async () => {
    const live = ['run', EXAMPLE, '--layers', '0-3', '--pairs', 'all', '--out', out, '--run-id', 'live'];
    expect((await runProgram([...live, '--detach'], home.env)).code).toBe(0);
    while (artifacts('folded').length < 3 + 2) await sleep(20);
    expect((await ask('stop')).code).toBe(0);
    expect(existsSync(join(out, 'runs/live/plan.json'))).toBe(true);
    const folded = artifacts('folded');
    expect((await ask('plan', ...live.slice(1), '--json')).stdout).toContain('"state": "unfinished"');
    const kept = await gc();
    expect(kept.stderr).toContain('run live');
    expect(artifacts('folded')).toEqual(folded);
    expect((await gc('--abandon', 'live')).code).toBe(0);
    expect(artifacts('folded')).toHaveLength(3);
    expect(existsSync(join(out, 'runs/live'))).toBe(false);
    expect((await gc('--abandon', 'live')).code).toBe(2);
  }, 120_000);
});
