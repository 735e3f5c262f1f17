import { readFile, rename, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { EnvironmentError } from '../../matching/errors';
import { DEFAULT_RATES } from './default-rates';
import { ratesSchema } from './rates';
import type { KnownRates, Rates } from './rates';

const SCHEMA = 'sae-match/calibration@2';
const schema = z.object({
  schema: z.literal(SCHEMA),
  measured: z.string(),
  /** A home may be copied to another machine, and containers get other cores: those rates are not used. */
  machine: z.object({ processor: z.string(), cores: z.int() }),
  rates: ratesSchema,
});

/** What a home knows of the speed of its machine, else the rates of the program. */
export async function loadRates(home: string): Promise<KnownRates> {
  const stored = await readStored(home);
  if (stored === null) return { rates: DEFAULT_RATES, from: 'default', measured: null };
  return { rates: stored.rates, from: 'calibration', measured: stored.measured };
}

/**
 * Keeps what was measured, with what is known of other devices from earlier times.
 *
 * @throws EnvironmentError when the home cannot be written
 */
export async function storeRates(home: string, rates: Rates, measured: Date): Promise<KnownRates> {
  const earlier = await readStored(home);
  const all = { ...rates, devices: { ...earlier?.rates.devices, ...rates.devices } };
  const file = calibrationFile(home);
  const content = { schema: SCHEMA, measured: measured.toISOString(), machine: machine(), rates: all };
  try {
    await writeFile(`${file}.${process.pid}.tmp`, `${JSON.stringify(content, null, 2)}\n`);
    await rename(`${file}.${process.pid}.tmp`, file);
  } catch (cause) {
    throw new EnvironmentError('the calibration cannot be kept', {
      ...{ file, found: (cause as NodeJS.ErrnoException).code ?? String(cause), cause },
      remedy: 'Point SAE_MATCH_HOME at a folder that you can write.',
    });
  }
  return { rates: all, from: 'calibration', measured: content.measured };
}

export const calibrationFile = (home: string): string => join(home, 'calibration.json');

/** Null where there is none, or one that says nothing about this machine. */
async function readStored(home: string): Promise<z.infer<typeof schema> | null> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(calibrationFile(home), 'utf8'));
  } catch {
    return null;
  }
  const { data } = schema.safeParse(content);
  return data !== undefined && JSON.stringify(data.machine) === JSON.stringify(machine()) ? data : null;
}

function machine(): z.infer<typeof schema>['machine'] {
  return { processor: cpus()[0]?.model.trim() ?? 'unknown', cores: availableParallelism() };
}
