/** Kinds of device that onnxruntime-node may compute on. */
export const DEVICE_KINDS = ['cpu', 'cuda', 'webgpu'] as const;
export type DeviceKind = (typeof DEVICE_KINDS)[number];

/** A device: one of its kind, or one of several CUDA devices by its number, counted from 0. */
export type OrtDevice = DeviceKind | `cuda:${number}`;

/** What kind of device it is, which decides its arithmetic. */
export function kindOf(device: OrtDevice): DeviceKind {
  return device.startsWith('cuda') ? 'cuda' : (device as DeviceKind);
}

/** The number of a CUDA device; without one it is the first. Null for devices that are not numbered. */
export function numberOf(device: OrtDevice): number | null {
  return kindOf(device) === 'cuda' ? Number(device.split(':')[1] ?? 0) : null;
}
