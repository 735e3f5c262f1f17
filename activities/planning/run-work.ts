import { openStore } from '../../artifacts/store/open-store';
import type { LayerPlan, RunSpec } from '../../workflows/run-types';

/** What of a run is not in the store yet. */
export interface RunWork {
  readonly spec: RunSpec;
  /** All layers, which are hashed in any case. */
  readonly layers: readonly LayerPlan[];
  /** Those that are folded. */
  readonly folds: readonly LayerPlan[];
  /** Pairs that are matched; a drift is a pair of a layer with itself. */
  readonly matches: readonly PlannedPair[];
  /** Pairs whose tables are published, those that are in the store included. */
  readonly published: readonly PlannedPair[];
}

export interface PlannedPair {
  readonly source: LayerPlan;
  readonly target: LayerPlan;
}

/** Bytes of a run, as far as sizes tell. */
export interface RunBytes {
  /** Input files of the layers that are folded. */
  readonly read_bytes: number;
  /** What comes over a network, once: of a remote source, and folded layers of a remote store. */
  readonly fetch_bytes: number;
  /** What is written to the store, the tables of the run included. */
  readonly stored_bytes: number;
}

/** Bytes of the tables of a pair for each feature of both sides, and of chains for each feature of a layer: as for all-MiniLM-L6-v2. */
const TABLE_BYTES = 43;
const CHAIN_BYTES = 15;

export function bytesOf({ spec, layers, folds, matches, published }: RunWork): RunBytes {
  const read = sum(folds, fileBytes);
  const needed = new Set(matches.flatMap(({ source, target }) => [source, target]));
  const fetched = openStore(spec.out).isRemote ? sum([...needed], rowBytes) : 0;
  const copies = spec.fold ? 1 : 2;
  const tables = (pairs: readonly PlannedPair[]): number => TABLE_BYTES * sum(pairs, featuresOf);
  const chains = 2 * CHAIN_BYTES * sum(layers, ({ features }) => features);
  return {
    read_bytes: read,
    fetch_bytes: (isRemoteSource(spec.source) ? read : 0) + fetched,
    stored_bytes: Math.round(copies * sum(folds, rowBytes) + tables(matches) + tables(published) + chains),
  };
}

export const fileBytes = ({ files }: LayerPlan): number => sum(files, ({ bytes }) => bytes);

/** Bytes of the folded rows of a layer with their biases and thresholds. */
export function rowBytes({ features, header }: LayerPlan): number {
  return (Number(header.dIn ?? 0) + Number(header.dOut ?? 0) + 2) * features * Float32Array.BYTES_PER_ELEMENT;
}

export const featuresOf = ({ source, target }: PlannedPair): number => source.features + target.features;

/** Whether its files have to be downloaded. */
const isRemoteSource = (source: string): boolean => /^(?!file:)[a-z]+:\/\//.test(source);

export function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
