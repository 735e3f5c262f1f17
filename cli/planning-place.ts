import { availableParallelism } from 'node:os';
import { loadRates, storeRates } from '../activities/planning/calibration-file';
import { defaultSlots } from '../activities/planning/pair-work';
import type { PlanningPlace } from '../activities/planning/predict-run';
import type { KnownRates } from '../activities/planning/rates';
import type { RunTaskOptions } from '../activities/thread/run-task';
import { runTask } from '../activities/thread/run-task';
import { homeFolder, openHome } from '../infra/home';
import { defaultMemoryBudget } from '../infra/machine';
import { chooseDevice } from '../kernels/choose-device';
import type { DeviceChoice } from '../kernels/choose-device';
import type { OrtDevice } from '../kernels/ort-device';
import { UsageError } from '../matching/errors';

import { parseDevice } from './spec/parse-device';

/** Flags that say where a run would be carried out. */
export interface PlaceFlags {
  readonly device?: string;
  readonly devicesCount?: string;
  readonly matchSlots?: string;
}

/** Where the embedded worker matches, or one that is started without flags on a machine as this one. */
export async function embeddedPlace(memoryBudget: number | null): Promise<PlanningPlace> {
  return placeOf({}, memoryBudget, await loadRates(homeFolder()));
}

/**
 * Where a run is planned for: machines as this one.
 *
 * @throws UsageError when a flag cannot be understood
 */
export async function placeOf(
  flags: PlaceFlags,
  memoryBudget: number | null,
  known: KnownRates
): Promise<PlanningPlace> {
  const device = await plannedDevice(parseDevice(flags.device ?? 'auto'));
  const cores = availableParallelism();
  return {
    ...known,
    ...{ device, cores, memoryBudget: memoryBudget ?? defaultMemoryBudget() },
    slots: flags.matchSlots === undefined ? defaultSlots([device], cores) : count(flags.matchSlots, '--match-slots'),
    devices: flags.devicesCount === undefined ? 1 : count(flags.devicesCount, '--devices-count'),
  };
}

/** Measures this machine and keeps it in the home. @throws EnvironmentError when the device does not work here */
export async function calibrate(device: string | undefined, options: RunTaskOptions): Promise<KnownRates> {
  const home = openHome().dir;
  // Threads that have worked before would make the first match look cheap.
  const input = { device: parseDevice(device ?? 'auto'), folder: home };
  const { rates } = await runTask('calibrate', input, { ...options, endsThread: true });
  return storeRates(home, rates, new Date());
}

/** A device that is named need not be here: the run may be meant for other machines. */
async function plannedDevice(choice: DeviceChoice): Promise<OrtDevice> {
  return choice === 'auto' ? chooseDevice(choice) : choice;
}

function count(text: string, field: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new UsageError('not a usable number', { field, found: text, expected: 'a whole number of at least 1' });
}
