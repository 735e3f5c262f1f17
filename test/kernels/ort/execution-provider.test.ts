import { chooseDevice } from '../../../kernels/choose-device';
import { executionProviders } from '../../../kernels/ort/execution-provider';
import { runProbe } from '../../../kernels/ort/run-probe';
import { EnvironmentError } from '../../../matching/errors';

it('tells a session which device of its kind to compute on, and no other to fall back to', () => {
  expect(executionProviders('cpu')).toEqual(['cpu']);
  expect(executionProviders('webgpu')).toEqual(['webgpu']);
  expect(executionProviders('cuda')).toEqual([{ name: 'cuda', deviceId: 0 }]);
  expect(executionProviders('cuda:2')).toEqual([{ name: 'cuda', deviceId: 2 }]);
});

it('asks the runtime for a numbered device, which says whether it works', async () => {
  // No machine has so many.
  const verdict = await runProbe('cuda:999');
  expect(verdict.works).toBe(false);
  expect(verdict.detail).not.toBe('');
  await expect(chooseDevice('cuda:999')).rejects.toThrow(EnvironmentError);
  await expect(chooseDevice('cuda:999')).rejects.toThrow(/cuda:999: /);
});
