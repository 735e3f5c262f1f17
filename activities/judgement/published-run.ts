import { createHash } from 'node:crypto';
import { runFolder, runLayout } from '../../artifacts/layout';
import type { ManifestInput, RunManifest } from '../../artifacts/manifest';
import { findRunManifest, layersOfRun } from '../../artifacts/run-manifest';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { decodeMatches } from '../../artifacts/tables/matches';
import type { MatchTable } from '../../artifacts/tables/matches';
import { getVerified } from '../../artifacts/verified';
import { ArtifactCorruptError, InputError } from '../../matching/errors';
import type { JudgedLayer } from '../../workflows/judgement-types';

/** The matches of a pair, and what tells them from all others. */
export interface PublishedMatches {
  readonly table: MatchTable;
  readonly sha256: string;
}

/** A finished run, read from its folder: what it was made of may be gone. */
export class PublishedRun {
  private constructor(
    private readonly store: ObjectStore,
    readonly manifest: RunManifest
  ) {}

  /** @throws InputError when the run has no manifest */
  static async open(store: ObjectStore, runId: string): Promise<PublishedRun> {
    const manifest = await findRunManifest(store, runId);
    if (manifest !== null) return new PublishedRun(store, manifest);
    throw new InputError('this run has no results', {
      file: store.url(runFolder(runId)),
      field: 'manifest.json',
      found: 'none',
      remedy: 'Judge it again when the run has ended.',
    });
  }

  /** The selected layers that could be read, ascending. */
  get layers(): JudgedLayer[] {
    return layersOfRun(this.manifest);
  }

  /** The pairs that were matched, in the order of the manifest. */
  get pairs(): (readonly [source: number, target: number])[] {
    return this.manifest.pairs
      .filter(({ status }) => status === 'done')
      .map(({ source_layer, target_layer }) => [source_layer!, target_layer!] as const);
  }

  /** Hashes of the files that decide a layer. */
  inputsOf(layer: number): readonly string[] {
    const input: ManifestInput | undefined = this.manifest.inputs.find((one) => one.layer === layer);
    return [...(input?.files ?? []), ...(input?.scale?.files ?? [])].map(({ sha256 }) => sha256);
  }

  /** @throws ArtifactCorruptError when the table is gone, or not what the manifest says */
  async matches(source: number, target: number): Promise<PublishedMatches> {
    const layout = runLayout(Math.max(...this.manifest.inputs.map(({ layer }) => layer ?? 0)));
    const path = layout.pair(source, target).matches;
    const key = `${runFolder(this.manifest.run_id)}/${path}`;
    const listed = this.manifest.artifacts.find((artifact) => artifact.path === path);
    if (listed === undefined) {
      throw new ArtifactCorruptError('the manifest lists no matches of this pair', {
        file: this.store.url(key),
        remedy: 'Repeat the run.',
      });
    }
    const bytes = await getVerified(this.store, { ...listed, key });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { table: await decodeMatches(bytes, this.store.url(key)), sha256 };
  }
}
