import type { DeviceChoice } from '../../kernels/choose-device';
import { DEVICE_KINDS, kindOf, numberOf } from '../../kernels/ort-device';
import type { OrtDevice } from '../../kernels/ort-device';
import { UsageError } from '../../matching/errors';

/** How a device may be named, for help and errors. */
export const DEVICE_CHOICES = ['auto', ...DEVICE_KINDS, 'cuda:<number>'].join(' | ');

/** Checks the text of `--device`. @throws UsageError */
export function parseDevice(text: string): DeviceChoice {
  const name = text.trim();
  if (name === 'auto' || DEVICE_KINDS.some((kind) => kind === name) || /^cuda:(0|[1-9]\d{0,2})$/.test(name))
    return name as DeviceChoice;
  throw new UsageError('unknown device', { field: '--device', found: text, expected: DEVICE_CHOICES });
}

/**
 * Checks the text of a worker's `--device`: `auto`, or one device or several.
 *
 * @throws UsageError when a name is unknown or a device is named twice
 */
export function parseDevices(text: string): readonly DeviceChoice[] {
  const choices = text.split(',').map(parseDevice);
  const places = choices.map((choice) => (choice === 'auto' ? choice : placeOf(choice)));
  const isRepeated = new Set(places).size < places.length;
  if (!isRepeated && (choices.length === 1 || !places.includes('auto'))) return choices;
  throw new UsageError(isRepeated ? 'a device is named twice' : 'auto is one device, and may be one of the others', {
    ...{ field: '--device', found: text, expected: 'auto, or different devices such as cuda:0,cuda:1' },
  });
}

/** The same for different names of one device. */
function placeOf(device: OrtDevice): string {
  return `${kindOf(device)} ${numberOf(device) ?? ''}`;
}
