import { z } from 'zod';
import { ArtifactCorruptError } from '../matching/errors';
import { contentKeysSchema } from './content-keys';
import type { ContentKeys } from './content-keys';
import { runFolder } from './layout';
import { predictionSchema } from './planning-record';
import type { Prediction } from './planning-record';
import type { ObjectStore } from './store/object-store';

/** Value of the field `schema` of the plans that this version writes. */
const PLAN_SCHEMA = 'sae-match/plan@1';

const missingSchema = contentKeysSchema.omit({ chains: true });

const schema = z.object({
  schema: z.literal(PLAN_SCHEMA),
  run_id: z.string(),
  content_keys: contentKeysSchema,
  /** Of these, what was not in the store when the run began. Absent in plans of versions that did not look for it. */
  missing: missingSchema.optional(),
  /** What the run was expected to take. Absent in plans of versions that predicted nothing. */
  prediction: predictionSchema.optional(),
});

/** Content keys of what a run has to make. */
export type MissingKeys = z.infer<typeof missingSchema>;
/** What an unfinished run will look for in the store or put there; it marks the run as live. */
export type StoredPlan = z.infer<typeof schema>;

/** Name of a run's plan in the store. @throws UsageError when the id is not usable as a folder name */
export function runPlanKey(runId: string): string {
  return `${runFolder(runId)}/plan.json`;
}

/**
 * Marks a run as live: until its plan is removed, what it refers to stays in the store. It is written once the inputs
 * are known, before anything is looked for in the store.
 */
export async function writeRunPlan(
  store: ObjectStore,
  runId: string,
  keys: ContentKeys,
  { missing, prediction }: { missing?: MissingKeys; prediction?: Prediction | null } = {}
): Promise<void> {
  const plan: StoredPlan = {
    ...{ schema: PLAN_SCHEMA, run_id: runId, content_keys: keys },
    ...(missing && { missing }),
    ...(prediction && { prediction }),
  };
  await store.put(runPlanKey(runId), Buffer.from(`${JSON.stringify(plan, null, 2)}\n`));
}

/**
 * Reads the plan of a live run.
 *
 * @throws ObjectNotFoundError when the run has none
 * @throws ArtifactCorruptError when it is broken, or of another version
 */
export async function readRunPlan(store: ObjectStore, runId: string): Promise<StoredPlan> {
  const key = runPlanKey(runId);
  const text = (await store.get(key)).toString('utf8');
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    if (!(cause instanceof z.ZodError || cause instanceof SyntaxError)) throw cause;
    const found = cause instanceof z.ZodError ? cause.issues[0]!.message : cause.message;
    throw new ArtifactCorruptError('the plan of a run is broken', {
      ...{ file: store.url(key), found, expected: PLAN_SCHEMA, cause },
      remedy: 'Resume the run, which plans it again',
    });
  }
}
