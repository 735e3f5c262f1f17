import { runFolder, runLayout } from '../artifacts/layout';
import type { RunManifest } from '../artifacts/manifest';
import { openStore } from '../artifacts/store/open-store';
import { decodeChains } from '../artifacts/tables/chains';
import { decodeDrift } from '../artifacts/tables/drift';
import type { DriftRow } from '../artifacts/tables/drift';
import { decodeMatches } from '../artifacts/tables/matches';
import { decodePairs } from '../artifacts/tables/pairs';
import type { PairRow } from '../artifacts/tables/pairs';
import { readChains } from '../matching/chains';
import type { Chain } from '../matching/chains';

/** Reads a published run back. */
export class RunResults {
  private readonly store;
  private readonly folder: string;
  private readonly layout;

  /** @param out output folder that holds the run */
  constructor(
    out: string,
    readonly manifest: RunManifest
  ) {
    this.store = openStore(out);
    this.folder = runFolder(manifest.run_id);
    this.layout = runLayout(Math.max(...manifest.inputs.map(({ layer }) => layer ?? 0)));
  }

  /** Folder or URL of the run. */
  get location(): string {
    return this.store.url(this.folder);
  }

  async pairs(): Promise<PairRow[]> {
    return decodePairs(await this.read(this.layout.pairs), this.layout.pairs);
  }

  /** How each layer differs from the previous checkpoint; empty where it was compared with none. */
  async drift(): Promise<DriftRow[]> {
    if (!this.manifest.artifacts.some(({ path }) => path === this.layout.drift)) return [];
    return decodeDrift(await this.read(this.layout.drift), this.layout.drift);
  }

  /** Empty when the run has no chains because every pair failed. */
  async chains(): Promise<Chain[]> {
    if (!this.manifest.artifacts.some(({ path }) => path === this.layout.chains)) return [];
    const table = await decodeChains(await this.read(this.layout.chains), this.layout.chains);
    return readChains({ ...table, stepCosine: Float64Array.from(table.stepCosine) });
  }

  /** Decoder cosines of the matches of one pair; NaN where unmatched. */
  async cosines(source: number, target: number): Promise<Float32Array> {
    const name = this.layout.pair(source, target).matches;
    return (await decodeMatches(await this.read(name), name)).decoderCosine;
  }

  private read(name: string): Promise<Buffer> {
    return this.store.get(`${this.folder}/${name}`);
  }
}
