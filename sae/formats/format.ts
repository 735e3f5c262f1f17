import { posix } from 'node:path';
import { layerOfPath } from '../layer-name';
import type { CanonicalSae, SaeHeader } from '../canonical';
import type { SaeLocation } from '../catalogue-entry';
import type { TensorFile } from '../containers/tensor';
import type { SourceFile } from '../sources/source';
import type { SourceView } from '../sources/source-view';

/** A file that no other format has claimed yet. */
export interface CandidateFile {
  readonly file: SourceFile;
  /** Null when the file is damaged: then only its name and its neighbours tell what it was meant to be. */
  readonly tensors: TensorFile | null;
}

/**
 * A reader of one format. It decides from what files contain, never from a name alone, and takes the orientation of
 * matrices from the format's rule, never from shapes. A format is one file with one of these, and a line in
 * `registry.ts`.
 */
export interface SaeFormat {
  readonly name: string;
  /** What a user's folder must hold, for the message when nothing is found. */
  readonly lookedFor: string;

  /**
   * The SAEs of this format among `candidates`. It claims everything that is meant to be this format, also when it is
   * incomplete or damaged: then `readHeader` says what is wrong. Files that hold several SAEs give one location each, told apart
   * by `part`.
   */
  find(view: SourceView, candidates: readonly CandidateFile[]): Promise<readonly SaeLocation[]>;

  /** Reads and checks all headers of one SAE, no weights. @throws InputError */
  readHeader(view: SourceView, location: SaeLocation): Promise<SaeHeader>;

  /**
   * Reads one SAE into canonical form.
   *
   * @throws InputError when headers or weights are broken; the message names file, tensor, what was found and expected.
   */
  load(view: SourceView, location: SaeLocation): Promise<CanonicalSae>;

  /**
   * Mean squares of the features' activations `[features]`, where files of the format may have them.
   *
   * @throws InputError when these files have none, or they are broken
   */
  meanSquares?(view: SourceView, location: SaeLocation): Promise<Float64Array>;
}

/** File names that stand for their folder: the SAE is then called by the folder. */
const FOLDER_FILES: ReadonlySet<string> = new Set([
  'params.npz',
  'params.safetensors',
  'sae_weights.safetensors',
  'sae.safetensors',
  'ae.pt',
  'cc_weights.pt',
]);

/** How an SAE whose weights lie in `file` is called: its folder, or the file where the folder may hold several. */
export function saePath(file: string): string {
  return FOLDER_FILES.has(posix.basename(file)) ? posix.dirname(file) : file;
}

/** The file of an SAE that holds its weights: the one that is no configuration. */
export function weightsOf({ files }: SaeLocation): SourceFile {
  return files.find(({ path }) => !CONFIGURATION.test(path))!;
}

export const CONFIGURATION = /\.(?:json|ya?ml)$/i;

/** The layer that the path of a file inside its source names, or else the source's own location. */
export function layerOfFile(view: SourceView, file: string): number | null {
  return layerOfPath(file) ?? layerOfPath(view.source.fullRoot);
}

/** The location of an SAE whose weights lie in one file, with the files beside it that it needs. */
export function singleFileLocation(
  view: SourceView,
  file: SourceFile,
  companions: readonly string[] = []
): SaeLocation {
  const files = [file, ...companions.map((path) => view.find(path)).filter((found) => found !== undefined)];
  return {
    path: saePath(file.path),
    part: null,
    layer: layerOfFile(view, file.path),
    files: files.sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
}
