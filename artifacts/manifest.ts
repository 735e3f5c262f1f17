import { z } from 'zod';
import { ArtifactCorruptError, InputError } from '../matching/errors';
import { contentKeysSchema } from './content-keys';
import { planningSchema } from './planning-record';
import { ObjectNotFoundError, type ObjectStore, type StoredObject } from './store/object-store';

const VERSION = 1;

/** Value of the field `schema` of the manifests that this version writes. */
export const MANIFEST_SCHEMA = `sae-match/manifest@${VERSION}` as const;

const json: z.ZodType = z.json();
const layer = z.int().nullable();
const bytes = z.int().nonnegative();

const files = z.array(z.object({ path: z.string(), bytes, sha256: z.string(), version: z.string().optional() }));

const inputSchema = z.object({
  layer,
  /** The SAE as the user could name it: its source and place in it. */
  path: z.string(),
  files,
  /** The features export that its scale was read from. */
  scale: z.object({ location: z.string(), files }).optional(),
  /** What the SAE's headers say. */
  header: json,
});

const pairSchema = z.object({
  source_layer: layer,
  target_layer: layer,
  status: z.enum(['done', 'failed']),
  error: z.string().optional(),
});

const driftSchema = z.object({ layer: z.int(), status: z.enum(['done', 'failed']), error: z.string().optional() });

const failureSchema = z.object({
  /** The step that failed, for example `fold` or `match`. */
  what: z.string(),
  layers: z.array(layer),
  /** Name of the error's class. */
  type: z.string(),
  message: z.string(),
  /** What is wrong, without saying where. */
  summary: z.string().optional(),
});

const common = {
  schema: z.literal(MANIFEST_SCHEMA),
  state: z.enum(['done', 'partial', 'failed']),
  /** Version of sae-match. */
  version: z.string(),
  inputs: z.array(inputSchema),
  pairs: z.array(pairSchema),
  failures: z.array(failureSchema),
  /** Every file of the result; `path` is relative to the folder of the manifest. */
  artifacts: z.array(z.object({ path: z.string(), bytes, crc32c: z.string() })),
  /** Times as ISO 8601, durations in seconds; further entries by name. */
  timings: z.looseObject({ started: z.string(), finished: z.string(), seconds: z.number() }),
  environment: z.looseObject({ node: z.string(), platform: z.string() }),
};

const runSchema = z.object({
  ...common,
  kind: z.literal('run'),
  run_id: z.string(),
  spec: json,
  /** What the run was expected to take, and took. Absent in manifests of versions that did not say it. */
  planning: planningSchema.optional(),
  /** The re-usable artifacts that the run was made of. Absent in manifests of versions that did not list them. */
  content_keys: contentKeysSchema.optional(),
  /** Inputs of the checkpoint that the layers were compared with, as far as they could be read. */
  previous: z.array(inputSchema).optional(),
  /** What came of that comparison, one entry a layer. */
  drift: z.array(driftSchema).optional(),
});
const pairManifestSchema = z.object({ ...common, kind: z.literal('pair'), options: json });
const evaluationSchema = z.object({
  ...common,
  kind: z.literal('evaluation'),
  run_id: z.string(),
  options: json,
  /** The hidden states that activations were computed of. */
  activations: z
    .object({ path: z.string(), tokens: z.int(), documents: z.int(), layers: z.array(z.int()), files })
    .optional(),
});
const judgementSchema = z.object({
  ...common,
  kind: z.literal('judgement'),
  run_id: z.string(),
  options: json,
  /** Who was asked; null where only words were compared. */
  judge: z
    .object({
      endpoint: z.string(),
      model: z.string(),
      /** Different questions that were answered, and those of which no answer could be used. */
      answers: z.int(),
      unusable: z.int(),
      /** Of all these answers, as the judge counts them, whenever they were given. */
      prompt_tokens: z.int(),
      completion_tokens: z.int(),
    })
    .nullable(),
  /** The descriptions of every layer that there are any of. */
  descriptions: z.array(
    z.object({
      layer: z.int(),
      files,
      features: z.int(),
      described: z.int(),
      several: z.int(),
      empty: z.int(),
    })
  ),
  /** The re-usable artifacts that it was made of. */
  content_keys: contentKeysSchema,
});
const manifestSchema = z.discriminatedUnion('kind', [runSchema, pairManifestSchema, evaluationSchema, judgementSchema]);

export type ManifestInput = z.infer<typeof inputSchema>;
export type ManifestPair = z.infer<typeof pairSchema>;
export type ManifestFailure = z.infer<typeof failureSchema>;
export type ManifestArtifact = Manifest['artifacts'][number];
/** Manifest of a run: `spec` is the resolved specification. */
export type RunManifest = z.infer<typeof runSchema>;
/** Manifest that `sae-match pair` writes: `options` are the resolved options. */
export type PairManifest = z.infer<typeof pairManifestSchema>;
/** Manifest of what `sae-match evaluate` adds to a run: `options` are those that its figures follow from. */
export type EvaluationManifest = z.infer<typeof evaluationSchema>;
/** Manifest of what `sae-match judge` adds to a run: `options` are those that its tables follow from. */
export type JudgementManifest = z.infer<typeof judgementSchema>;
/** What a finished result is made of and where it came from; field names as in the JSON. */
export type Manifest = RunManifest | PairManifest | EvaluationManifest | JudgementManifest;

/**
 * Writes a manifest as indented JSON, replacing an earlier one at once. It comes last: where there is a manifest,
 * everything it lists is in place.
 *
 * @throws ArtifactCorruptError when the manifest is not of its own schema, for example because a number is NaN
 */
export async function writeManifest(store: ObjectStore, key: string, manifest: Manifest): Promise<StoredObject> {
  const checked = check(manifest, store.url(key));
  return store.put(key, Buffer.from(`${JSON.stringify(checked, null, 2)}\n`));
}

/**
 * Reads a manifest.
 *
 * @throws InputError when there is none, or a newer version of the project wrote it
 * @throws ArtifactCorruptError when it is broken
 */
export async function readManifest(store: ObjectStore, key: string): Promise<Manifest> {
  const file = store.url(key);
  const text = await readText(store, key);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ArtifactCorruptError('the manifest is not JSON', { file, found: String(cause), cause });
  }
  return check(value, file);
}

async function readText(store: ObjectStore, key: string): Promise<string> {
  try {
    return (await store.get(key)).toString('utf8');
  } catch (error) {
    if (!(error instanceof ObjectNotFoundError)) throw error;
    throw new InputError('there is no manifest', {
      file: store.url(key),
      expected: 'the folder of a finished run or pair',
      remedy: 'Check the name; a run writes its manifest when it ends',
      cause: error,
    });
  }
}

function check(value: unknown, file: string): Manifest {
  refuseNewer(value, file);
  const result = manifestSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const field = issue.path.join('.');
  throw new ArtifactCorruptError('the manifest is broken', { file, ...(field && { field }), found: issue.message });
}

function refuseNewer(value: unknown, file: string): void {
  if (typeof value !== 'object' || value === null || !('schema' in value)) return;
  const found = String(value.schema);
  const version = /^sae-match\/manifest@(\d+)$/.exec(found)?.[1];
  if (version === undefined || Number(version) <= VERSION) return;
  throw new InputError('the manifest was written by a newer version of sae-match', {
    file,
    field: 'schema',
    found,
    expected: MANIFEST_SCHEMA,
    remedy: 'Update sae-match',
  });
}
