import type { Rates } from './rates';

/** What was measured on an idle machine of 2 cores with AVX2 and no 8-bit instructions. */
export const DEFAULT_RATES: Rates = {
  engine: {
    start: 0.05,
    first: 0.4,
    feature: 4e-5,
    solver: 1.3e-7,
    scan_thread: 5e-6,
    look_thread: 4e-5,
    pair_thread: 3e-9,
    element_thread: 5e-9,
  },
  devices: {
    javascript: { float32: 1e-9, integer: null },
    cpu: { float32: 2.2e-11, integer: 1.8e-11 },
  },
  store: { hash_byte: 1e-9, fold_byte: 5e-9, read_byte: 1e-9, table_feature: 1e-5 },
  run: { start: 1, step: 0.05 },
};
