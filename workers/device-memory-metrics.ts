import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import { readDeviceMemory } from '../kernels/device-memory';
import type { DeviceMemory } from '../kernels/device-memory';
import { kindOf } from '../kernels/ort-device';
import type { OrtDevice } from '../kernels/ort-device';

/** Both metrics of one scrape come from one look. */
const SAME_LOOK_MS = 1000;

/**
 * Adds the memory of the CUDA devices that the process matches on, looked up when it is scraped. Nothing where there are none.
 *
 * @param read looks it up
 */
export function addDeviceMemory(
  registry: Registry,
  devices: readonly OrtDevice[],
  read: (devices: readonly OrtDevice[]) => Promise<readonly DeviceMemory[]> = readDeviceMemory
): void {
  if (!devices.some((device) => kindOf(device) === 'cuda')) return;
  let look: Promise<readonly DeviceMemory[]> | null = null;
  let lookedAt = 0;
  const latest = (): Promise<readonly DeviceMemory[]> => {
    if (look !== null && performance.now() - lookedAt < SAME_LOOK_MS) return look;
    lookedAt = performance.now();
    return (look = read(devices));
  };
  const add = (name: string, help: string, value: (memory: DeviceMemory) => number): void => {
    const collect = async function (this: Gauge<'device'>): Promise<void> {
      const found = await latest();
      // A card that is gone must not keep its last value.
      this.reset();
      for (const memory of found) this.labels(memory.device).set(value(memory));
    };
    new Gauge({ name, help, labelNames: ['device'], registers: [registry], collect });
  };
  add('sae_match_device_memory_used_bytes', 'Memory of a device in use, by all processes.', ({ used }) => used);
  add('sae_match_device_memory_size_bytes', 'Memory of a device.', ({ size }) => size);
}
