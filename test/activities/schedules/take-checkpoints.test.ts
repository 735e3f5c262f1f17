import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { surveySchedule, wholePrint } from '../../../activities/schedules/survey';
import { takeCheckpoints } from '../../../activities/schedules/take-checkpoints';
import type { TakePorts } from '../../../activities/schedules/take-checkpoints';
import { ScheduleRecords } from '../../../artifacts/schedules';
import { openStore } from '../../../artifacts/store/open-store';
import { findCheckpoints } from '../../../sae/checkpoints/find-checkpoints';
import type { SeenCheckpoint, TakenCheckpoints } from '../../../workflows/activity-types';
import { writeCanonical } from '../../support/canonical-sae';
import { randomSae, writeLayers } from '../../support/random-sae';
import { writeTorchStep } from '../../support/torch-sae';

const neverStarted: TakePorts['lookUp'] = () => Promise.resolve(null);
let folder: string;
let out: string;
let source: string;
let notes: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sae-match-schedules-'));
  out = join(folder, 'out');
  source = join(folder, 'saes');
  notes = [];
  save(100, 200);
  await records().create({ ...options(null), baseline: await baselineNow() });
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('a look', () => {
  it('takes what is as it was in the look before, and was not there before the schedule or has changed since', async () => {
    expect(await settledSteps()).toEqual([]);
    save(300);
    writeLayers(join(source, '200'), [randomSae(7), randomSae(8)]);
    const first = await look();
    expect([stepsOf(first), namesOf(first.settling)]).toEqual([[], ['200', '300']]);
    writeLayers(join(source, '300'), [randomSae(9), randomSae(8)]);
    const second = await look(first.settling);
    expect([stepsOf(second), namesOf(second.settling)]).toEqual([[200], ['300']]);
  });

  it('takes those of the baseline as well that were asked for', async () => {
    await records().addBackfill({ from: 150, to: 1000 });
    expect(await settledSteps()).toEqual([200]);
  });

  it('takes a checkpoint with a marker when that is there, and at once', async () => {
    await new ScheduleRecords(openStore(out), 'marked').create({ ...options('DONE_{step}'), baseline: [] });
    writeFileSync(join(source, '200/DONE_200'), '');
    const taken = await look([], neverStarted, 'marked');
    expect([stepsOf(taken), taken.waiting, taken.settling]).toEqual([[200], ['100'], []]);
  });

  it('compares a checkpoint with the newest complete one of a smaller step', async () => {
    save(300, 400);
    const { settling } = await look();
    // Step 200 is being written again.
    writeLayers(join(source, '200'), [randomSae(7), randomSae(8)]);
    expect(previousOf(await look(settling))).toEqual({ 300: '100', 400: '300' });
    expect(previousOf(await look((await look()).settling))).toMatchObject({ 200: '100' });
  });

  it('compares with a checkpoint of the baseline also while that waits for a run of its own', async () => {
    save(300);
    const { settling } = await look();
    // Another look has been told to match step 200, and has not come to it.
    await records().addBackfill({ from: 0, to: 200 });
    expect(previousOf(await look(settling))).toEqual({ 300: '200' });
  });

  it('fixes the same run as all others at the same time, also when they see different checkpoints', async () => {
    save(300);
    const { settling } = await look();
    const runs = await Promise.all(Array.from({ length: 8 }, () => look(settling)));
    save(250);
    runs.push(await settled());
    const ids = runs.map((taken) => taken.runs.find((run) => run.spec.source === join(source, '300'))!.runId);
    expect(new Set(ids).size).toBe(1);
  });

  it('starts nothing any more for a run that ended without a result', async () => {
    save(300);
    expect(stepsOf(await settled())).toEqual([300]);
    expect(stepsOf(await look([], () => Promise.resolve('running')))).toEqual([]);
    expect(stepsOf(await look())).toEqual([300]);
    expect(stepsOf(await look([], () => Promise.resolve('cancelled')))).toEqual([]);
    expect(stepsOf(await look())).toEqual([]);
  });

  it('deals with 64 checkpoints without a result at most, and those of the smallest steps first', async () => {
    const steps = Array.from({ length: 66 }, (_, i) => 1000 + i);
    save(...steps);
    const taken = await settled();
    expect(stepsOf(taken)).toEqual(steps.slice(0, 64));
  });
});

describe('a checkpoint that breaks off', () => {
  it.each(['params.npz', 'sae.safetensors', 'ae_<step>.pt'] as const)(
    'in a file %s is passed over with the reason, keeps no other back, and is taken when it is whole',
    async (kind) => {
      const name = kind === 'ae_<step>.pt' ? 'ae_300' : '300';
      const [whole, file] = await saveAs(kind, 300);
      truncateSync(file, whole.length >> 1);
      await saveAs(kind, 400);
      const taken = await settled();
      expect(Object.keys(previousOf(taken))).toEqual([name.replace('3', '4')]);
      // It is none to compare with either.
      expect(Object.values(previousOf(taken))).toEqual(['200']);
      expect(notes).toHaveLength(1);
      expect(notes[0]).toContain(`schedule live passes over checkpoint ${name}: ${file}`);
      expect(await whyUnreadable(name)).toMatch(
        kind === 'sae.safetensors' ? /malformed/ : /zip archive cannot be read/
      );
      // What is known of it is not read again.
      expect(await settled()).toMatchObject({ settling: [], waiting: [] });
      expect(notes).toHaveLength(1);
      writeFileSync(file, whole);
      expect(await whyUnreadable(name)).toBeNull();
      const settling = (await look()).settling;
      expect(namesOf(settling)).toEqual([name]);
      expect(previousOf(await look(settling))).toMatchObject({ [name]: '200' });
    }
  );

  it('and lacks a layer that the schedule asks for, is passed over as well', async () => {
    const spec = { ...options(null).spec, layers: [0, 1] };
    await new ScheduleRecords(openStore(out), 'marked').create({
      ...options('DONE'),
      name: 'marked',
      spec,
      baseline: [],
    });
    writeLayers(join(source, '300'), [randomSae(1)]);
    writeFileSync(join(source, '300/DONE'), '');
    expect(stepsOf(await look([], neverStarted, 'marked'))).toEqual([]);
    expect(notes[0]).toMatch(/passes over checkpoint 300: .*layer 1/);
  });

  it('in the baseline is not compared with', async () => {
    writeLayers(join(source, '250'), [Buffer.from('PK\x03\x04 half an archive'), randomSae(2)]);
    await new ScheduleRecords(openStore(out), 'other').create({
      ...options(null),
      name: 'other',
      baseline: await baselineNow(),
    });
    save(300);
    const { settling } = await look([], neverStarted, 'other');
    expect(previousOf(await look(settling, neverStarted, 'other'))).toEqual({ 300: '200' });
  });
});

it('a schedule of the same name keeps its baseline, and refuses other options', async () => {
  const again = await records().create({ ...options(null), baseline: [] });
  expect(again.created).toBe(false);
  expect(again.schedule.baseline).toHaveLength(2);
  const other = records().create({ ...options('DONE'), name: 'live', baseline: [] });
  await expect(other).rejects.toThrow(/marker: there is another schedule of this name/);
});

const records = (): ScheduleRecords => new ScheduleRecords(openStore(out), 'live');

function look(seen: readonly SeenCheckpoint[] = [], lookUp = neverStarted, name = 'live'): Promise<TakenCheckpoints> {
  const ports = { lookUp, note: (text: string) => notes.push(text) };
  return takeCheckpoints(openStore(out), { schedule: { out, name }, seen }, ports);
}

/** Two looks between which nothing changes. */
const settled = async (): Promise<TakenCheckpoints> => look((await look()).settling);
const settledSteps = async (): Promise<number[]> => stepsOf(await settled());
const stepsOf = ({ runs }: TakenCheckpoints): number[] => runs.map(({ spec }) => Number(spec.source.split('/').at(-1)));
const namesOf = (checkpoints: readonly { name: string }[]): string[] => checkpoints.map(({ name }) => name);

/** The checkpoint that each is compared with, by name. */
function previousOf({ runs }: TakenCheckpoints): Record<string, string | undefined> {
  const named = (place: string, step: number | undefined): string =>
    step === undefined ? place.split('/').at(-1)! : `ae_${step}`;
  return Object.fromEntries(
    runs.map(({ spec: { source: place, step, previous } }) => [
      named(place, step),
      previous && named(previous.source, previous.step),
    ])
  );
}

async function whyUnreadable(name: string): Promise<string | null> {
  const survey = await surveySchedule(openStore(out), 'live');
  return survey.whyUnreadable(survey.listing.checkpoints.find((one) => one.name === name)!);
}

async function baselineNow() {
  return (await findCheckpoints(source)).checkpoints.map((one) => ({
    ...{ checkpoint: one.name, step: one.step, fingerprint: wholePrint(one) },
  }));
}

function options(marker: string | null) {
  const spec = {
    out,
    layers: null,
    pairs: 'adjacent',
    weights: 'decoder',
    fold: true,
    format: null,
    ...{ allow_hook_mismatch: false },
  };
  return { name: marker === null ? 'live' : 'marked', source, marker, settle_seconds: 60, spec, drift: DRIFT };
}

const DRIFT = { kept: 0.9, unmatched: 0.5 };

function save(...steps: number[]): void {
  for (const step of steps) writeLayers(join(source, String(step)), [randomSae(step), randomSae(step + 1)]);
}

/** Saves a checkpoint in files of a kind; returns one of them and its content. */
async function saveAs(
  kind: 'params.npz' | 'sae.safetensors' | 'ae_<step>.pt',
  step: number
): Promise<[Buffer, string]> {
  const files = {
    'params.npz': () => writeLayers(join(source, String(step)), [randomSae(step), randomSae(step + 1)]),
    'sae.safetensors': () => writeCanonical(join(source, String(step)), step),
    'ae_<step>.pt': () => writeTorchStep(source, step, 2),
  };
  const file = (await files[kind]()).at(-1)!;
  return [readFileSync(file), file];
}
