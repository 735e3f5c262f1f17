import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { calibrationFile, loadRates, storeRates } from '../../../activities/planning/calibration-file';
import { calibrateTask } from '../../../activities/planning/calibration/calibrate';
import { plantedPair } from '../../../activities/planning/calibration/planted-pair';
import { DEFAULT_RATES } from '../../../activities/planning/default-rates';
import { ratesSchema } from '../../../activities/planning/rates';
import { silentContext } from '../../../activities/task-context';
import { createReferenceKernel } from '../../../kernels/reference-kernel';
import { createLocalDevice } from '../../../matching/engine/local-tiles';
import { CancelledError, EnvironmentError } from '../../../matching/errors';
import { matchPair } from '../../../matching/match-pair';
import { temporaryFolders } from '../../artifacts/temporary-folder';

const newFolder = temporaryFolders();

describe('a calibration', () => {
  it('measures the engine, products and the disk, and leaves nothing behind', async () => {
    const folder = newFolder();
    const { device, rates } = await calibrateTask({ device: 'cpu', folder }, silentContext);
    expect(device).toBe('cpu');
    expect(ratesSchema.parse(rates)).toEqual(rates);
    const { engine, devices, store } = rates;
    for (const rate of [
      devices.javascript.float32,
      devices.cpu.float32,
      devices.cpu.integer,
      ...Object.values(store),
    ]) {
      expect(rate).toBeGreaterThan(0);
    }
    expect(engine.look_thread + engine.pair_thread).toBeGreaterThan(0);
    expect(readdirSync(folder)).toEqual([]);
  }, 240_000);

  it('stops when it is told to', async () => {
    const stop = (): never => {
      throw new CancelledError();
    };
    const context = { ...silentContext, throwIfCancelled: stop };
    await expect(calibrateTask({ device: 'cpu', folder: newFolder() }, context)).rejects.toThrow(CancelledError);
  });

  it('matches a pair in which a permutation was planted, each feature once', async () => {
    const count = 64;
    const [source, target] = plantedPair(count, 32);
    const tiles = { devicesFor: () => [createLocalDevice('javascript', createReferenceKernel)] };
    const { targetFeature } = await matchPair(source, target, { availableMemory: 2 ** 30 }, { tiles });
    expect(new Set(targetFeature).size).toBe(count);
    const planted = targetFeature.filter((j, i) => (j * 7919) % count === i).length;
    expect(planted).toBeGreaterThan(count / 2);
  });
});

describe('the rates of a home', () => {
  it('are the default until there are others, and say so', async () => {
    const home = newFolder();
    expect(await loadRates(home)).toEqual({ rates: DEFAULT_RATES, from: 'default', measured: null });
    const measured = new Date('2026-01-01T00:00:00.000Z');
    await storeRates(home, DEFAULT_RATES, measured);
    expect(await loadRates(home)).toMatchObject({ from: 'calibration', measured: measured.toISOString() });
  });

  it('keep what is known of other devices', async () => {
    const home = newFolder();
    const cuda = { float32: 1e-13, integer: null };
    await storeRates(home, { ...DEFAULT_RATES, devices: { ...DEFAULT_RATES.devices, cuda } }, new Date());
    await storeRates(home, DEFAULT_RATES, new Date());
    expect((await loadRates(home)).rates.devices.cuda).toEqual(cuda);
  });

  it.each([
    ['of another machine', (text: string) => text.replace(/"cores": \d+/, '"cores": 4096')],
    ['that is broken', (text: string) => text.slice(0, 40)],
    ['of another version', (text: string) => text.replace('calibration@2', 'calibration@1')],
  ])('are the default beside a calibration %s', async (_, change) => {
    const home = newFolder();
    await storeRates(home, DEFAULT_RATES, new Date());
    const file = calibrationFile(home);
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    expect((await loadRates(home)).from).toBe('default');
  });

  it('that cannot be kept are an error that says what to do', async () => {
    const keep = storeRates('/proc/nowhere', DEFAULT_RATES, new Date());
    await expect(keep).rejects.toThrow(EnvironmentError);
    await expect(keep).rejects.toThrow('SAE_MATCH_HOME');
  });
});
