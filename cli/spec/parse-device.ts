import type { DeviceChoice } from '../../kernels/choose-device';
import { ORT_DEVICES } from '../../kernels/probe-devices';
import { UsageError } from '../../matching/errors';

export const DEVICE_CHOICES: readonly DeviceChoice[] = ['auto', ...ORT_DEVICES];

/** Checks the text of `--device`. @throws UsageError */
export function parseDevice(text: string): DeviceChoice {
  const choice = DEVICE_CHOICES.find((candidate) => candidate === text);
  if (choice !== undefined) return choice;
  throw new UsageError('unknown device', { field: '--device', found: text, expected: DEVICE_CHOICES.join(' | ') });
}
