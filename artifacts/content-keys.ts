import { z } from 'zod';

const keys = z.array(z.string());

/** Form of {@link ContentKeys} in JSON. */
export const contentKeysSchema = z.object({
  folded: keys,
  matches: keys,
  chains: keys,
  evaluations: keys.optional(),
  layers: keys.optional(),
  estimates: keys.optional(),
  cycles: keys.optional(),
  descriptions: keys.optional(),
  meanings: keys.optional(),
  answers: keys.optional(),
});

/** Content keys of the artifacts that a run refers to, by kind. */
export type ContentKeys = z.infer<typeof contentKeysSchema>;
