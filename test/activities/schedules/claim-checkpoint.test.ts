import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { claimCheckpoint } from '../../../activities/schedules/claim-checkpoint';
import type { RunLookup } from '../../../activities/schedules/claim-checkpoint';
import { findNewCheckpoints, wholePrint } from '../../../activities/schedules/new-checkpoints';
import { ScheduleRecords } from '../../../artifacts/schedules';
import { openStore } from '../../../artifacts/store/open-store';
import { findCheckpoints } from '../../../sae/checkpoints/find-checkpoints';
import type { ClaimedRun } from '../../../workflows/activity-types';
import type { NewCheckpoint } from '../../../workflows/schedule-types';
import { randomSae, writeLayers } from '../../support/random-sae';

const neverStarted: RunLookup = () => Promise.resolve(null);
let folder: string;
let out: string;
let source: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sae-match-schedules-'));
  out = join(folder, 'out');
  source = join(folder, 'saes');
  save(100, 200);
  const baseline = (await findCheckpoints(source)).checkpoints.map((one) => ({
    ...{ checkpoint: one.name, step: one.step, fingerprint: wholePrint(one) },
  }));
  await records().create({ ...options(null), baseline });
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('new checkpoints', () => {
  it('are those that were not there before, and those that have changed since', async () => {
    expect(await newSteps()).toEqual([]);
    save(300);
    writeFileSync(join(source, '200/layer_0/params.npz'), 'more');
    expect(await newSteps()).toEqual([200, 300]);
  });

  it('are those of the baseline as well that were asked for', async () => {
    await records().addBackfill({ from: 150, to: 1000 });
    expect(await newSteps()).toEqual([200]);
  });

  it('are complete with their marker only', async () => {
    await new ScheduleRecords(openStore(out), 'marked').create({ ...options('DONE_{step}'), baseline: [] });
    writeFileSync(join(source, '200/DONE_200'), '');
    const found = await findNewCheckpoints(openStore(out), { out, name: 'marked' });
    expect(found.map(({ step, isComplete, waitsFor }) => ({ step, isComplete, waitsFor }))).toEqual([
      { step: 100, isComplete: false, waitsFor: 'no 100/DONE_100 yet' },
      { step: 200, isComplete: true, waitsFor: null },
    ]);
  });
});

describe('a claim', () => {
  it('compares a checkpoint with the newest complete one of a smaller step', async () => {
    save(300, 400);
    writeFileSync(join(source, '200/layer_0/params.npz'), 'more');
    const [changed, next, last] = await look();
    // Step 200 is being written again and not complete before it is claimed.
    expect(previousOf(await claim(next!))).toBe(join(source, '100'));
    expect(previousOf(await claim(last!))).toBe(join(source, '300'));
    expect(previousOf(await claim(changed!))).toBe(join(source, '100'));
  });

  it('is the same for all that make it at the same time, also when they see different checkpoints', async () => {
    save(300);
    const [found] = await look();
    const claims = await Promise.all(Array.from({ length: 8 }, () => claim(found!)));
    save(250);
    await claim((await look())[0]!);
    expect(new Set([...claims, await claim(found!)].map((run) => run!.runId)).size).toBe(1);
  });

  it('of a run that ended without a result starts nothing any more', async () => {
    save(300);
    const [found] = await look();
    expect(await claim(found!)).not.toBeNull();
    expect(await claim(found!, () => Promise.resolve('running'))).toBeNull();
    expect(await newSteps()).toEqual([300]);
    expect(await claim(found!, () => Promise.resolve('cancelled'))).toBeNull();
    expect(await newSteps()).toEqual([]);
  });
});

it('a schedule of the same name keeps its baseline, and refuses other options', async () => {
  const again = await records().create({ ...options(null), baseline: [] });
  expect(again.created).toBe(false);
  expect(again.schedule.baseline).toHaveLength(2);
  const other = records().create({ ...options('DONE'), baseline: [] });
  await expect(other).rejects.toThrow(/marker: there is another schedule of this name/);
});

const records = (): ScheduleRecords => new ScheduleRecords(openStore(out), 'live');
const look = (): Promise<NewCheckpoint[]> => findNewCheckpoints(openStore(out), { out, name: 'live' });
const newSteps = async (): Promise<number[]> => (await look()).map(({ step }) => step);
const claim = (checkpoint: NewCheckpoint, lookUp = neverStarted): Promise<ClaimedRun | null> =>
  claimCheckpoint(openStore(out), { schedule: { out, name: 'live' }, checkpoint }, lookUp);
const previousOf = (run: ClaimedRun | null): string | undefined => run?.spec.previous?.source;

function options(marker: string | null) {
  const name = marker === null ? 'live' : 'marked';
  const spec = { out, layers: null, pairs: 'adjacent', weights: 'decoder' };
  return { name: marker === 'DONE' ? 'live' : name, source, marker, settle_seconds: 60, spec, drift: DRIFT };
}

const DRIFT = { kept: 0.9, unmatched: 0.5 };

function save(...steps: number[]): void {
  for (const step of steps) writeLayers(join(source, String(step)), [randomSae(step)]);
}
