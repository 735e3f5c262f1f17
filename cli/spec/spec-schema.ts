import { z } from 'zod';
import { METRICS, WEIGHT_MODES } from '../../matching/features';

const layers = z.union([z.string(), z.int().nonnegative(), z.array(z.int().nonnegative()).min(1)]);
const size = z.union([z.string(), z.int().positive()]);
const text = z.string().min(1);
const flag = z.boolean().optional().describe('true or false');

/**
 * Keys of a run specification: the long flags of `run` without their dashes, and `source`. Unknown keys are errors. The
 * descriptions say in error messages what is expected.
 */
export const specSchema = z.strictObject({
  source: text.describe('the folder of the SAEs'),
  out: text.optional().describe('a folder, or gs://<bucket>/<prefix>'),
  layers: layers.optional().describe('layers such as 0-6, or a list of layers such as [0, 2, 4]'),
  pairs: z.string().optional().describe('adjacent, all, or a text such as "0:1,3:5"'),
  weights: z
    .enum(WEIGHT_MODES as [string, ...string[]])
    .optional()
    .describe(WEIGHT_MODES.join(' | ')),
  metric: z
    .enum(METRICS as [string, ...string[]])
    .optional()
    .describe(METRICS.join(' | ')),
  part_weights: z
    .union([z.string(), z.record(z.string(), z.number())])
    .optional()
    .describe('weights such as {decoder: 1, encoder: 0.5}'),
  fold: flag,
  degenerate: z.enum(['exclude', 'error']).optional().describe('exclude | error'),
  scale: text.optional().describe('decoder_norm, threshold:<number>, latents_mean_square, or the path of an export'),
  unmatched: z.union([z.string(), z.number()]).optional().describe('a number from -1 to 1'),
  width: z.union([z.string(), z.int().positive()]).optional().describe('a width such as 16k'),
  l0: z
    .union([z.string(), z.number().nonnegative()])
    .optional()
    .describe('canonical, a number, a label such as small, nearest:<number>, or similar'),
  hook: text.optional().describe('a kind of hook point such as resid_post'),
  step: z.union([z.string(), z.int().nonnegative()]).optional().describe('a whole number such as 1000'),
  previous: text.optional().describe('the folder of the SAEs of a checkpoint before'),
  previous_step: z
    .union([z.string(), z.int().nonnegative()])
    .optional()
    .describe('a step of the training such as 10000'),
  drift_kept: z.union([z.string(), z.number()]).optional().describe('a number from -1 to 1'),
  drift_unmatched: z.union([z.string(), z.number()]).optional().describe('a number from -1 to 1, less than 1'),
  format: text.optional().describe('the name of a format'),
  allow_hook_mismatch: flag,
  memory_budget: size.optional().describe('a size such as 4GiB'),
  deadline: z
    .union([z.string(), z.number().nonnegative()])
    .optional()
    .describe('a duration such as 90s, 30m, 12h or 7d'),
  notify: flag,
  notify_drift: z.union([z.string(), z.number()]).optional().describe('a share such as 0.2'),
  parallel: z.union([z.string(), z.int().positive()]).optional().describe('a whole number from 1 to 10000'),
  run_id: text.optional().describe('a text (in quotes if it looks like a number)'),
  address: text.optional().describe('host:port of a Temporal server'),
  namespace: text.optional().describe('a namespace of the Temporal server'),
  profile: text.optional().describe("a profile in the configuration file of Temporal's clients"),
  detach: flag,
  new: flag,
});

/** A specification as the user wrote it. */
export type SpecFile = z.infer<typeof specSchema>;
