import { runProbe } from './ort/run-probe';

/** Devices that onnxruntime-node may compute on. */
export const ORT_DEVICES = ['cpu', 'cuda', 'webgpu'] as const;
export type OrtDevice = (typeof ORT_DEVICES)[number];

/** Whether a device works on this machine, by having been used. */
export interface DeviceReport {
  readonly device: OrtDevice;
  readonly works: boolean;
  /** Version of the runtime when it works, else the reason in one sentence. */
  readonly detail: string;
}

/**
 * Finds out which devices of onnxruntime-node really work, by a small matrix product on each whose result is checked:
 * what the runtime lists as supported says only what it was built with. Takes about a second; never rejects.
 */
export function probeDevices(): Promise<DeviceReport[]> {
  return Promise.all(ORT_DEVICES.map(async (device) => ({ device, ...(await runProbe(device)) })));
}
