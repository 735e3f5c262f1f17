import type { Rates } from './rates';

/**
 * Calibrations of an idle machine of 2 cores, with AVX2 and no 8-bit instructions. What the workflows take is not measured: a
 * second for a run and 0.05 s for a step are assumed.
 */
export const DEFAULT_RATES: Rates = {
  engine: {
    start: 0.16,
    first: 0.024,
    feature: 3.4e-6,
    solver: 6.9e-8,
    scan_thread: 8.7e-6,
    look_thread: 6.2e-5,
    pair_thread: 8.9e-9,
    element_thread: 3.4e-8,
  },
  devices: {
    javascript: { float32: 2.2e-9, integer: null },
    cpu: { float32: 2.2e-11, integer: 2.1e-11 },
  },
  store: { hash_byte: 3.3e-9, fold_byte: 6.4e-9, read_byte: 3.8e-9, table_feature: 5e-5 },
  run: { start: 1, step: 0.05 },
};
