import { z } from 'zod';
import { WEIGHT_MODES } from '../../matching/features';

const layers = z.union([z.string(), z.int().nonnegative(), z.array(z.int().nonnegative()).min(1)]);
const size = z.union([z.string(), z.int().positive()]);

/** Keys of a run specification: the long flags of `run` without their dashes, and `source`. Unknown keys are errors. */
export const specSchema = z.strictObject({
  source: z.string().min(1),
  out: z.string().min(1).optional(),
  layers: layers.optional(),
  pairs: z.string().optional(),
  weights: z.enum(WEIGHT_MODES as [string, ...string[]]).optional(),
  fold: z.boolean().optional(),
  degenerate: z.enum(['exclude', 'error']).optional(),
  format: z.string().optional(),
  allow_hook_mismatch: z.boolean().optional(),
  memory_budget: size.optional(),
  run_id: z.string().optional(),
  address: z.string().optional(),
  detach: z.boolean().optional(),
  new: z.boolean().optional(),
});

/** A specification as the user wrote it. */
export type SpecFile = z.infer<typeof specSchema>;
