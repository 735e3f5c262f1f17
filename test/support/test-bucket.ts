import { startFaultProxy } from './fault-proxy';
import type { FaultProxy } from './fault-proxy';
import { startGcsEmulator } from './gcs-emulator';
import type { GcsEmulator } from './gcs-emulator';

/** A bucket of the real emulator that everything in this process reaches through a proxy of faults. */
export interface TestBucket {
  readonly name: string;
  readonly emulator: GcsEmulator;
  readonly proxy: FaultProxy;
  close(): Promise<void>;
}

/** Starts emulator and proxy, and points `STORAGE_EMULATOR_HOST` at the proxy. */
export async function startTestBucket(name = 'results'): Promise<TestBucket> {
  const emulator = await startGcsEmulator();
  await emulator.upload(name, new Map());
  const proxy = await startFaultProxy(emulator.url);
  const before = process.env.STORAGE_EMULATOR_HOST;
  process.env.STORAGE_EMULATOR_HOST = proxy.url;
  return {
    name,
    emulator,
    proxy,
    close: async () => {
      if (before === undefined) delete process.env.STORAGE_EMULATOR_HOST;
      else process.env.STORAGE_EMULATOR_HOST = before;
      await Promise.all([proxy.close(), emulator.close()]);
    },
  };
}
