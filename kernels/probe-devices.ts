import { runProbe } from './ort/run-probe';
import { DEVICE_KINDS } from './ort-device';
import type { DeviceKind } from './ort-device';

/** Whether a device works on this machine, by having been used. */
export interface DeviceReport {
  readonly device: DeviceKind;
  readonly works: boolean;
  /** Version of the runtime when it works, else the reason in one sentence. */
  readonly detail: string;
}

/**
 * Finds out which devices of onnxruntime-node really work, by a small matrix product on each whose result is checked:
 * what the runtime lists as supported says only what it was built with. Takes about a second; never rejects.
 */
export function probeDevices(): Promise<DeviceReport[]> {
  return Promise.all(DEVICE_KINDS.map(async (device) => ({ device, ...(await runProbe(device)) })));
}
