import { readRunPlan, runPlanKey, writeRunPlan } from '../../artifacts/run-plan';
import { FileStore } from '../../artifacts/store/file-store';
import { ObjectNotFoundError } from '../../artifacts/store/object-store';
import { ArtifactCorruptError } from '../../matching/errors';
import { temporaryFolders } from './temporary-folder';

const newFolder = temporaryFolders();
const keys = { folded: ['a', 'b'], matches: ['c'], chains: [] };

test('the plan of a run reads back as written, and a later one replaces it', async () => {
  const store = new FileStore(newFolder());
  await writeRunPlan(store, 'run', { ...keys, folded: [] });
  await writeRunPlan(store, 'run', keys);
  expect(await store.list('')).toEqual(['runs/run/plan.json']);
  expect(await readRunPlan(store, 'run')).toEqual({ schema: 'sae-match/plan@1', run_id: 'run', content_keys: keys });
});

test('a run without a plan has none', async () => {
  await expect(readRunPlan(new FileStore(newFolder()), 'run')).rejects.toBeInstanceOf(ObjectNotFoundError);
});

test.each([
  ['cut off', '{"schema":"sae-ma'],
  ['of a newer version', JSON.stringify({ schema: 'sae-match/plan@2', run_id: 'run', content_keys: keys })],
  ['without its keys', JSON.stringify({ schema: 'sae-match/plan@1', run_id: 'run' })],
])('a plan that is %s is reported as corrupt', async (_, text) => {
  const store = new FileStore(newFolder());
  await store.put(runPlanKey('run'), Buffer.from(text));
  const error: unknown = await readRunPlan(store, 'run').catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ArtifactCorruptError);
  expect((error as Error).message).toContain(store.url('runs/run/plan.json'));
});
