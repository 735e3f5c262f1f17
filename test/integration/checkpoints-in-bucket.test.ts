import { findCheckpoints } from '../../sae/checkpoints/find-checkpoints';
import { startTestBucket } from '../support/test-bucket';
import type { TestBucket } from '../support/test-bucket';

let bucket: TestBucket;

beforeAll(async () => {
  bucket = await startTestBucket('training');
});
afterAll(() => bucket.close());

it('checkpoints in folders and files of a bucket are found by one listing, and an object that is replaced changes its checkpoint', async () => {
  const object = Buffer.from('abc');
  const files = ['layer_0/ae_7.pt', 'layer_1/ae_7.pt', 'step_3/layer_0/sae.safetensors'];
  await bucket.emulator.upload('training', new Map(files.map((path) => [`run/${path}`, object])));
  const before = (await findCheckpoints('gs://training/run')).checkpoints;
  expect(before).toMatchObject([
    { name: 'step_3', step: 3, source: 'gs://training/run/step_3' },
    { name: 'ae_7', step: 7, selectionStep: 7, source: 'gs://training/run', layers: [0, 1] },
  ]);
  await bucket.emulator.upload('training', new Map([['run/layer_1/ae_7.pt', Buffer.from('abd')]]));
  const after = (await findCheckpoints('gs://training/run')).checkpoints;
  expect(after[0]!.fingerprint).toBe(before[0]!.fingerprint);
  expect(after[1]!.fingerprint).not.toBe(before[1]!.fingerprint);
});
