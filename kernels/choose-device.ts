import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EnvironmentError } from '../matching/errors';
import type { OrtDevice } from './ort-device';
import { runProbe } from './ort/run-probe';

/** A device by name, or the best one that works. */
export type DeviceChoice = OrtDevice | 'auto';

/**
 * The device to compute on. `auto` takes CUDA where its libraries are installed and it passes the probe, else the
 * processor; WebGPU only on request, because a software adapter answers too, and is slower than the processor itself.
 *
 * @throws EnvironmentError when a device was asked for that does not work here
 */
export async function chooseDevice(choice: DeviceChoice): Promise<OrtDevice> {
  if (choice === 'cpu') return 'cpu';
  if (choice === 'auto') {
    if (!hasCudaLibraries()) return 'cpu';
    return (await runProbe('cuda')).works ? 'cuda' : 'cpu';
  }
  const verdict = await runProbe(choice);
  if (verdict.works) return choice;
  throw new EnvironmentError('this device does not work here', {
    field: '--device',
    found: `${choice}: ${verdict.detail}`,
    remedy: 'Choose another one; sae-match doctor shows which work.',
  });
}

/** Whether the runtime's package came with its CUDA provider: loading it to find out costs a second. */
function hasCudaLibraries(): boolean {
  const { platform, arch } = process;
  const folder = join(dirname(require.resolve('onnxruntime-node/package.json')), 'bin/napi-v6', platform, arch);
  return existsSync(join(folder, 'libonnxruntime_providers_cuda.so'));
}
