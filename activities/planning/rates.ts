import { z } from 'zod';

const seconds = z.number().nonnegative();

/** What a match costs besides the products of tiles, in seconds; `thread` says of one thread, shared by all it has. */
const engineSchema = z.object({
  /** A match of nothing: threads and sessions that are there already. */
  start: seconds,
  /** What the first match of a process takes longer, times (features of both sides)^{@link FIRST_EXPONENT}. */
  first: seconds,
  /** Each feature of both sides, where one thread works alone: edges, prices, the certificate. */
  feature: seconds,
  /** The sparse problems, times (features of both sides)^{@link SOLVER_EXPONENT}. */
  solver: seconds,
  /** One thread: each feature of both sides, in each scan for violated prices. */
  scan_thread: seconds,
  /** One thread: each feature of both sides, to choose the first candidates and for what is reported. */
  look_thread: seconds,
  /** One thread: each pair of features in the same, besides its product. */
  pair_thread: seconds,
  /** One thread: each element of both sides' vectors, to measure, encode and load. */
  element_thread: seconds,
});

/** Seconds of one multiply-add of a tile: of one thread of the processor, or of the device; null where it has no such arithmetic. */
const deviceSchema = z.object({ float32: seconds, integer: seconds.nullable() });

const storeSchema = z.object({
  /** A byte of an input file, to hash it. */
  hash_byte: seconds,
  /** One thread: a byte of an input file, to read, fold and store it. */
  fold_byte: seconds,
  /** A byte of folded rows, to read it for a match. */
  read_byte: seconds,
  /** A feature of both sides, to write the tables of a pair. */
  table_feature: seconds,
});

/** What the workflows of a run cost. */
const runSchema = z.object({
  /** From its start to its end, if there was nothing to do. */
  start: seconds,
  /** A step: a layer or a pair, its messages and its place in the history included. */
  step: seconds,
});

export const ratesSchema = z.object({
  engine: engineSchema,
  devices: z.object({
    javascript: deviceSchema,
    cpu: deviceSchema,
    cuda: deviceSchema.optional(),
    webgpu: deviceSchema.optional(),
  }),
  store: storeSchema,
  run: runSchema,
});

/** How fast a machine is, as far as the time of a run depends on it. */
export type Rates = z.infer<typeof ratesSchema>;
export type EngineRates = Rates['engine'];
export type DeviceRates = Rates['devices']['cpu'];
export type StoreRates = Rates['store'];

/** Code that is run for the first time is slow until it has run some times, which is a smaller share of a larger match. */
export const FIRST_EXPONENT = 1 / 3;

/** Between linear and quadratic, as the rows `growth-…` of the bench have it. */
export const SOLVER_EXPONENT = 1.5;

/** Where rates come from. */
export interface RatesOrigin {
  readonly from: 'calibration' | 'default';
  /** ISO 8601 time of the calibration; null for the default. */
  readonly measured: string | null;
}

/** Rates with where they come from. */
export interface KnownRates extends RatesOrigin {
  readonly rates: Rates;
}
