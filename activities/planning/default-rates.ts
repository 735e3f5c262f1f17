import type { Rates } from './rates';

/**
 * Processor time of calibrations on a machine of 2 cores, with AVX2 and no 8-bit instructions, which others used as well: an
 * idle one takes less. What the workflows take is not measured: a second for a run and 0.05 s for a step are assumed.
 */
export const DEFAULT_RATES: Rates = {
  engine: {
    start: 0.2,
    first: 0.66,
    feature: 2.2e-5,
    solver: 1.4e-7,
    scan_thread: 6.9e-6,
    look_thread: 1.2e-4,
    pair_thread: 3e-9,
    element_thread: 2.8e-8,
  },
  devices: {
    javascript: { float32: 2.2e-9, integer: null },
    cpu: { float32: 3e-11, integer: 3e-11 },
  },
  store: { hash_byte: 3.3e-9, fold_byte: 6.4e-9, read_byte: 3.8e-9, table_feature: 5e-5 },
  run: { start: 1, step: 0.05 },
};
