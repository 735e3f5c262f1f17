import type { OrtDevice } from '../../kernels/ort-device';

/** A device that a match computes on until it gives it back. */
export interface LentDevice {
  readonly device: OrtDevice;
  release(): void;
}

/** Lends the devices of a process to the matches that run in it. */
export class DevicePool {
  private readonly users: Map<OrtDevice, number>;

  /** @param devices at least one */
  constructor(devices: readonly OrtDevice[]) {
    this.users = new Map(devices.map((device) => [device, 0]));
  }

  /** The device with the fewest matches, the first of several. With as many matches as devices each has its own. */
  lend(): LentDevice {
    const [first, ...others] = this.users.keys();
    const device = others.reduce((least, other) => (this.count(other) < this.count(least) ? other : least), first!);
    this.users.set(device, this.count(device) + 1);
    return {
      device,
      release: () => {
        this.users.set(device, this.count(device) - 1);
      },
    };
  }

  private count(device: OrtDevice): number {
    return this.users.get(device)!;
  }
}
