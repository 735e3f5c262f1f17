import type { TileStep } from '../../../matching/engine/tile-worker';
import type { TileDevice, TilePort } from '../../../matching/ports';

/** Steps of the engine that are timed apart; `open` is all that comes before the first similarity. */
export type TimedStep = 'open' | 'candidates' | 'price' | 'report' | 'other';

/** Seconds that the steps of a match took, and how many scans for violated prices there were. */
export type StepSeconds = Record<TimedStep, number> & { scans: number };

/** The match has gone as far as it was asked to. */
export class FarEnough extends Error {}

/**
 * Tiles that tell how long each step takes.
 *
 * @param last the step after which the match is given up with {@link FarEnough}
 */
export function timedTiles(
  tiles: TilePort,
  last?: TimedStep
): { readonly port: TilePort; readonly steps: StepSeconds } {
  const steps: StepSeconds = { open: 0, candidates: 0, price: 0, report: 0, other: 0, scans: 0 };
  const timed = async <T>(step: TimedStep, work: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    const result = await work();
    steps[step] += (performance.now() - began) / 1000;
    return result;
  };
  const device = (inner: TileDevice): TileDevice => ({
    ...inner,
    open: async (problem, store) => {
      const workers = await timed('open', () => inner.open(problem, store));
      return {
        run: async (step, watch) => {
          const name = STEPS[step.kind];
          const results = await timed(name, () => workers.run(step, watch));
          if (name === 'price') steps.scans += 1;
          if (name === last) throw new FarEnough();
          return results;
        },
        close: () => workers.close(),
      };
    },
  });
  return { port: { devicesFor: (...size) => tiles.devicesFor(...size).map(device) }, steps };
}

const STEPS: Readonly<Record<TileStep['kind'], TimedStep>> = {
  measure: 'open',
  encode: 'open',
  open: 'open',
  sample: 'other',
  candidates: 'candidates',
  price: 'price',
  evaluate: 'other',
  report: 'report',
  continue: 'other',
};
