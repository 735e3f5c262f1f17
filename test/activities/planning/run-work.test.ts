import { actualWork } from '../../../activities/planning/actual-work';
import { missingWork } from '../../../activities/planning/missing-work';
import { planWork } from '../../../activities/planning/plan-work';
import { predictRun } from '../../../activities/planning/predict-run';
import { plannedKeys } from '../../../activities/steps/planned-keys';
import { publishRun } from '../../../activities/steps/publish-run';
import { readManifest } from '../../../artifacts/manifest';
import type { RunManifest } from '../../../artifacts/manifest';
import { readRunPlan, writeRunPlan } from '../../../artifacts/run-plan';
import { MemoryBudgetError } from '../../../matching/errors';
import type { PublishInput } from '../../../workflows/activity-types';
import type { RunSpec } from '../../../workflows/run-types';
import { temporaryFolders } from '../../artifacts/temporary-folder';
import { foldAll, match, place, prepareRun, smallModel, storeOf } from '../small-run';

const newFolder = temporaryFolders();
const LATER = new Date('2026-01-01T00:01:00.000Z');
let spec: RunSpec;
let input: PublishInput;
beforeEach(async () => {
  spec = smallModel(newFolder());
  input = await prepareRun(spec, 'run');
});

/** The same run where nothing is stored yet. */
const elsewhere = (): RunSpec => ({ ...spec, out: newFolder() });
const missingIn = (of: RunSpec) => missingWork(storeOf(of), of, input.plan);

describe('the work that is left', () => {
  it('is everything where nothing is stored, and nothing where everything is', async () => {
    const nothing = await missingIn(elsewhere());
    expect(nothing.work.folds).toHaveLength(3);
    expect(nothing.work.matches).toHaveLength(2);
    const { folded, matches } = plannedKeys(spec, input.plan);
    expect({ folded: [...nothing.missing.folded].sort(), matches: [...nothing.missing.matches].sort() }).toEqual({
      folded,
      matches,
    });
    const everything = await missingIn(spec);
    expect(everything.work).toMatchObject({ folds: [], matches: [] });
    expect(everything.missing).toEqual({ folded: [], matches: [] });
  });

  it('is what an interrupted run has not made yet', async () => {
    const begun = elsewhere();
    const [a, b] = await foldAll(begun);
    await match(begun, a!, b!);
    const { work } = await missingIn(begun);
    expect(work.folds).toEqual([]);
    expect(work.matches.map(({ source, target }) => [source.layer, target.layer])).toEqual([[1, 2]]);
  });
});

describe('the prediction of a run', () => {
  it('is null on a device that nobody has measured', async () => {
    const { work } = await missingIn(elsewhere());
    expect(predictRun(work, { ...place, device: 'webgpu' })).toBeNull();
  });

  it('takes less time with more matches at once, and the same matches', async () => {
    const { work } = await missingIn(elsewhere());
    const [one, two] = [predictRun(work, place)!, predictRun(work, { ...place, devices: 2 })!];
    expect(two.seconds.expected).toBeLessThan(one.seconds.expected);
    expect(two.multiply_adds).toEqual(one.multiply_adds);
    expect(two).toMatchObject({ folds: 3, matches: 2, devices: 2 });
  });

  it('refuses a budget that was given for the run and that a missing pair does not fit', async () => {
    const request = { spec, execution: { ...input.request.execution, memoryBudget: 1000 } };
    const other = elsewhere();
    await expect(planWork(storeOf(other), { ...request, spec: other }, input.plan, place)).rejects.toThrow(
      MemoryBudgetError
    );
    // What is stored needs no memory.
    expect((await planWork(storeOf(spec), request, input.plan, place)).prediction).toMatchObject({ matches: 0 });
  });
});

describe('the manifest', () => {
  const publish = async (planned: Parameters<typeof writeRunPlan>[3]): Promise<RunManifest> => {
    const store = storeOf(spec);
    await writeRunPlan(store, 'run', plannedKeys(spec, input.plan), planned);
    await publishRun(store, input, LATER);
    return (await readManifest(store, 'runs/run/manifest.json')) as RunManifest;
  };

  it('has what was predicted beside what was made, by sizes exactly', async () => {
    // As if nothing had been stored when the run began.
    const planned = await planWork(storeOf(elsewhere()), input.request, input.plan, place);
    const { planning } = await publish(planned);
    const { predicted, actual } = planning!;
    expect(predicted).toEqual(planned.prediction);
    expect(actual).toMatchObject({ folds: 3, matches: 2, seconds: 60, read_bytes: predicted!.read_bytes });
    expect(actual.multiply_adds).toBe(predicted!.multiply_adds.expected);
    expect(actual.match_seconds).toBeGreaterThan(0);
    expect(actual.passes).toBeGreaterThanOrEqual(2 * 3);
    expect(actual.stored_bytes).toBeGreaterThan(0);
  });

  it('counts nothing that was there before', async () => {
    const { planning } = await publish(await planWork(storeOf(spec), input.request, input.plan, place));
    expect(planning!.actual).toMatchObject({ folds: 0, matches: 0, multiply_adds: 0, read_bytes: 0, passes: 0 });
  });

  it('does without where the plan does not say what was missing, or is gone', async () => {
    expect((await publish(undefined)).planning).toBeUndefined();
    const store = storeOf(spec);
    await publishRun(store, input, LATER);
    expect(((await readManifest(store, 'runs/run/manifest.json')) as RunManifest).planning).toBeUndefined();
  });

  it('says nothing of multiply-adds that an earlier version did not count', async () => {
    const store = storeOf(spec);
    const planned = await planWork(storeOf(elsewhere()), input.request, input.plan, place);
    await writeRunPlan(store, 'run', plannedKeys(spec, input.plan), planned);
    const plan = await readRunPlan(store, 'run');
    const row = { seconds: 1, passes: 5 } as never;
    const summaries = new Map(
      input.matches.map(({ source, target }) => [`${source}:${target}`, { row, files: {} as never }])
    );
    const planning = await actualWork(store, { input, plan, summaries, published: 0, seconds: 2 });
    expect(planning!.actual).toMatchObject({ multiply_adds: null, match_seconds: 2, passes: 10 });
  });
});
