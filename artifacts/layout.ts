import { UsageError } from '../matching/errors';

/** Names of the files of one run or pair, relative to its folder. */
export interface PairFiles {
  readonly matches: string;
  readonly targets: string;
  readonly certificate: string;
}

/** Names of a run's files, relative to the folder of the run. */
export interface RunLayout {
  readonly manifest: string;
  readonly pairs: string;
  readonly chains: string;
  readonly drift: string;
  /** Folder of the explorer page. */
  readonly report: string;
  /** The tables of one pair of layers, in hive-style folders. */
  pair(sourceLayer: number, targetLayer: number): PairFiles;
  /** The tables of one layer matched with the same layer of the previous checkpoint. */
  driftOf(layer: number): PairFiles;
}

/**
 * File names of a run over layers up to `largestLayer`. That layer sets the width of the layer numbers in folder names,
 * so that all folders of a run sort by layer: two digits, three from 100 layers (0-99) on.
 */
export function runLayout(largestLayer: number): RunLayout {
  const digits = Math.max(2, String(largestLayer + 1).length);
  const folder = (source: number, target: number): string =>
    `source=${layerName(source, digits)}/target=${layerName(target, digits)}`;
  return {
    manifest: 'manifest.json',
    pairs: 'pairs.parquet',
    chains: 'chains.parquet',
    drift: 'drift.parquet',
    report: 'report',
    pair: (source, target) => ({
      matches: `matches/${folder(source, target)}/matches.parquet`,
      targets: `targets/${folder(source, target)}/targets.parquet`,
      certificate: `certificates/${folder(source, target)}/certificate.parquet`,
    }),
    driftOf: (layer) => ({
      matches: `drift/layer=${layerName(layer, digits)}/matches.parquet`,
      targets: `drift/layer=${layerName(layer, digits)}/targets.parquet`,
      certificate: `drift/layer=${layerName(layer, digits)}/certificate.parquet`,
    }),
  };
}

/** File names of `sae-match pair`: everything straight in its folder, because a layer may be unknown. */
export const PAIR_LAYOUT: PairFiles & { readonly manifest: string; readonly pairs: string } = {
  manifest: 'manifest.json',
  matches: 'matches.parquet',
  targets: 'targets.parquet',
  certificate: 'certificate.parquet',
  pairs: 'pairs.parquet',
};

/** Files of an evaluation, in the folder of its run. */
export const EVALUATION_LAYOUT = {
  folder: 'evaluation',
  manifest: 'evaluation/manifest.json',
  methods: 'evaluation/methods.parquet',
  histograms: 'evaluation/histograms.parquet',
  layers: 'evaluation/layers.parquet',
  cycles: 'evaluation/cycles.parquet',
  scores: 'evaluation/scores.parquet',
  reconstructions: 'evaluation/reconstructions.parquet',
} as const;

/** Files of what descriptions say of a run, in its folder. */
export const JUDGEMENT_LAYOUT = {
  folder: 'judgement',
  manifest: 'judgement/manifest.json',
  judgements: 'judgement/judgements.parquet',
  labels: 'judgement/labels.parquet',
} as const;

/** State of an unfinished pair in the folder of `sae-match pair`, by what is matched and how. */
export function pairCheckpoint(contentKey: string): string {
  return `checkpoint-${contentKey.slice(0, 16)}.bin`;
}

/** Whether a name in such a folder is that of a checkpoint. */
export function isPairCheckpoint(name: string): boolean {
  return /^checkpoint-[0-9a-f]{16}\.bin$/.test(name);
}

/**
 * Folder of a run: `runs/<run_id>`.
 *
 * @throws UsageError when the id is not usable as a folder name
 */
export function runFolder(runId: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(runId)) {
    throw new UsageError('not usable as the id of a run', {
      field: 'run_id',
      found: JSON.stringify(runId),
      expected: "at most 128 letters, digits, '.', '_' and '-', the first a letter or digit",
    });
  }
  return `runs/${runId}`;
}

/**
 * Kinds of re-usable artifacts, each with the name of the object that is written last: where it is, the artifact is
 * complete.
 */
export const ARTIFACT_RECORDS = {
  folded: 'stored.json',
  matches: 'summary.json',
  chains: 'chains.parquet',
  evaluations: 'methods.json',
  layers: 'layer.json',
  estimates: 'estimates.json',
  cycles: 'cycles.json',
  descriptions: 'descriptions.json',
  meanings: 'meanings.json',
  answers: 'answer.json',
} as const;
export type ArtifactKind = keyof typeof ARTIFACT_RECORDS;

/** Name of the object beside an artifact that says what its content key was made of. */
export const KEY_RECORD = 'key.json';

/** Name of a re-usable artifact in the store: `artifacts/<kind>/<content key>/<name>`. */
export function artifactKey(kind: ArtifactKind, contentKey: string, name: string): string {
  return `artifacts/${kind}/${contentKey}/${name}`;
}

/** The parts of such a name; null for what is none of a kind that this version knows. */
export function parseArtifactKey(object: string): { kind: ArtifactKind; key: string; name: string } | null {
  const [, kind, key, name] = /^artifacts\/([a-z]+)\/([0-9a-f]{64})\/(.+)$/.exec(object) ?? [];
  return kind !== undefined && isArtifactKind(kind) ? { kind, key: key!, name: name! } : null;
}

function isArtifactKind(kind: string): kind is ArtifactKind {
  return Object.hasOwn(ARTIFACT_RECORDS, kind);
}

function layerName(layer: number, digits: number): string {
  return String(layer).padStart(digits, '0');
}
