import { matchingOptions } from '../activities/steps/matching-options';
import type { MatchingOptions } from '../activities/steps/matching-options';
import type { ManifestInput, PairManifest, RunManifest } from '../artifacts/manifest';
import type { SaeHeader } from '../sae/canonical';

/** Where an export comes from; it holds nothing that changes from one export to the next. Field names as in the JSON. */
export interface Provenance {
  readonly kind: 'run' | 'pair';
  /** Null for a pair. */
  readonly run_id: string | null;
  /** Version of sae-match that made the matchings. */
  readonly version: string;
  /** The options that the matchings follow from. */
  readonly options: MatchingOptions;
  /** The SAEs; of a pair the source, then the target. */
  readonly inputs: readonly ExportedInput[];
}

export interface ExportedInput {
  readonly layer: number | null;
  /** The SAE as the user could name it. */
  readonly path: string;
  readonly hook: string | null;
  readonly format: string;
  readonly features: number;
  readonly d_in: number;
  readonly d_out: number;
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
}

/** @param inputs those that the export is about */
export function provenanceOf(manifest: RunManifest | PairManifest, inputs: readonly ManifestInput[]): Provenance {
  const stated = (manifest.kind === 'run' ? manifest.spec : manifest.options) as MatchingOptions;
  return {
    kind: manifest.kind,
    run_id: manifest.kind === 'run' ? manifest.run_id : null,
    version: manifest.version,
    options: matchingOptions(stated),
    inputs: inputs.map(exportedInput),
  };
}

function exportedInput({ layer, path, header, files }: ManifestInput): ExportedInput {
  const { hook, format, features, dIn, dOut } = header as SaeHeader;
  return {
    ...{ layer, path, hook, format, features, d_in: dIn, d_out: dOut },
    files: files.map((file) => ({ path: file.path, bytes: file.bytes, sha256: file.sha256 })),
  };
}
