import type { ContentKeys } from '../../artifacts/content-keys';
import { readManifest } from '../../artifacts/manifest';
import { readRunPlan, runPlanKey } from '../../artifacts/run-plan';
import { ObjectNotFoundError, type ObjectStore } from '../../artifacts/store/object-store';
import { ArtifactCorruptError, InputError, UnavailableError, UsageError } from '../../matching/errors';
import { mapConcurrently } from '../../sae/concurrently';
import { keysOfManifest } from './keys-of-manifest';

/** What must stay in a store, and for whom. */
export interface Roots {
  /** What manifests refer to. */
  readonly published: KeySets;
  /** What unfinished runs refer to. */
  readonly live: KeySets;
  /** The unfinished runs, ascending. */
  readonly liveRuns: readonly string[];
}

export type KeySets = Readonly<Record<keyof ContentKeys, ReadonlySet<string>>>;

const CONCURRENT_READS = 16;
/** A run that is published at this moment changes its folder between the listing and the reading. */
const ATTEMPTS = 5;

/**
 * Reads what every run of a store refers to: its manifest once it was published, its plan while it is unfinished.
 *
 * @param abandoned unfinished runs that count for nothing any more
 * @throws ArtifactCorruptError when a manifest or plan cannot be read: then nobody knows what its run needs
 * @throws UsageError when an abandoned run is none that is unfinished
 */
export async function readRoots(store: ObjectStore, abandoned: ReadonlySet<string>): Promise<Roots> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const roots = await tryReadRoots(store, abandoned);
    if (roots !== null) return roots;
  }
  throw new UnavailableError('the runs change faster than they can be read', {
    file: store.url('runs'),
    remedy: 'Try again when fewer runs end',
  });
}

/** Null when something listed is gone already. */
async function tryReadRoots(store: ObjectStore, abandoned: ReadonlySet<string>): Promise<Roots | null> {
  const files = (await store.list('runs/')).flatMap((key) => {
    const [, runId, name] = /^runs\/([^/]+)\/(?:judgement\/(?=manifest))?(manifest|plan)\.json$/.exec(key) ?? [];
    return runId === undefined ? [] : [{ key, runId, isPlan: name === 'plan' }];
  });
  const planned = files.filter(({ isPlan }) => isPlan).map(({ runId }) => runId);
  refuseUnknown(store, abandoned, planned);
  const liveRuns = planned.filter((runId) => !abandoned.has(runId));
  const published = files.filter(({ isPlan }) => !isPlan);
  try {
    return {
      liveRuns,
      live: union(
        await mapConcurrently(liveRuns, CONCURRENT_READS, (runId) =>
          undoubted(store, runPlanKey(runId), async () => (await readRunPlan(store, runId)).content_keys)
        )
      ),
      published: union(
        await mapConcurrently(published, CONCURRENT_READS, ({ key }) =>
          undoubted(store, key, async () => keysOfManifest(await readManifest(store, key)))
        )
      ),
    };
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return null;
    throw error;
  }
}

/** Reads what a run refers to; when that fails nothing may be removed. */
async function undoubted(store: ObjectStore, key: string, read: () => Promise<ContentKeys>): Promise<ContentKeys> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof InputError && error.cause instanceof ObjectNotFoundError) throw error.cause;
    if (error instanceof ObjectNotFoundError) throw error;
    if (!(error instanceof ArtifactCorruptError || error instanceof InputError)) throw error;
    throw new ArtifactCorruptError('nothing is removed, because nobody knows what a run of this store needs', {
      file: store.url(key),
      found: error.message,
      remedy: 'Mend that file, or remove it if the results of its run are of no more use, and resume or repeat the run',
      cause: error,
    });
  }
}

function refuseUnknown(store: ObjectStore, abandoned: ReadonlySet<string>, planned: readonly string[]): void {
  const unknown = [...abandoned].find((runId) => !planned.includes(runId));
  if (unknown === undefined) return;
  throw new UsageError('no such unfinished run', {
    file: store.url('runs'),
    field: '--abandon',
    found: unknown,
    expected: planned.length === 0 ? 'none: no run is unfinished' : planned.join(', '),
  });
}

function union(all: readonly ContentKeys[]): KeySets {
  const of = (kind: keyof ContentKeys): ReadonlySet<string> => new Set(all.flatMap((keys) => keys[kind] ?? []));
  return {
    folded: of('folded'),
    matches: of('matches'),
    chains: of('chains'),
    evaluations: of('evaluations'),
    layers: of('layers'),
    estimates: of('estimates'),
    cycles: of('cycles'),
    descriptions: of('descriptions'),
    meanings: of('meanings'),
    answers: of('answers'),
  };
}
