import { z } from 'zod';

const amount = z.number().nonnegative();

/** An amount that depends on how alike features are, which shows only when they are matched. */
const range = z.object({ least: amount, expected: amount, most: amount });

/** What a run was expected to take when it began, of what was not in the store. */
export const predictionSchema = z.object({
  /** Rates measured on the machine that planned, or those of the program. */
  rates: z.enum(['calibration', 'default']),
  /** ISO 8601 time of that measurement; null for the default. */
  measured: z.string().nullable(),
  /** Kind of device that matches were expected to use, and how many of them. */
  device: z.string(),
  devices: z.int().positive(),
  /** Matches at once on each. */
  slots: z.int().positive(),
  /** Layers to fold and pairs to match. */
  folds: z.int().nonnegative(),
  matches: z.int().nonnegative(),
  /** From the start of the run to its manifest. */
  seconds: range,
  /** Seconds of the matches, one after the other. */
  match_seconds: range,
  /** Multiply-adds of similarity tiles. */
  multiply_adds: range,
  /** Bytes of the input files of the layers to fold. */
  read_bytes: amount,
  /** Bytes written to the store, results included. */
  stored_bytes: amount,
});

/** The same as it came about; null where that cannot be told any more. */
const actualSchema = z.object({
  folds: z.int().nonnegative(),
  matches: z.int().nonnegative(),
  seconds: amount,
  match_seconds: amount,
  multiply_adds: amount.nullable(),
  /** Passes of the matches, all together. */
  passes: z.int().nonnegative(),
  read_bytes: amount,
  stored_bytes: amount,
});

/** Predicted against actual, as the manifest of a run has it. */
export const planningSchema = z.object({ predicted: predictionSchema.nullable(), actual: actualSchema });

export type Prediction = z.infer<typeof predictionSchema>;
export type Planning = z.infer<typeof planningSchema>;
export type Range = z.infer<typeof range>;
