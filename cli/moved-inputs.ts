import type { ManifestInput } from '../artifacts/manifest';
import { UsageError } from '../matching/errors';
import { isScaleWord, scaleOfLayer } from '../sae/scale/scale-choice';
import type { ExportFile } from '../sae/scale/export-difference';
import { absolute } from '../sae/sources/location';

/** A scale that was folded in: where its export is now, and the files of that as they were. */
export interface PlacedScale {
  readonly choice: string;
  readonly files: readonly ExportFile[];
}

/**
 * The argument that names an input of a run now.
 *
 * @param input as the manifest has it; undefined where it is not known
 * @param byLayer how it is named by its layer alone
 * @param moved where the inputs of the run lie now; null where they were not moved
 */
export function placeOfInput(input: ManifestInput | undefined, byLayer: string, moved: string | null): string {
  if (input === undefined) return byLayer;
  if (moved === null) return input.path;
  const ownPlace = /\/[^#]*#\d+$/.exec(input.path)?.[0];
  const { path } = input.header as { path?: string };
  return path !== undefined && ownPlace?.endsWith(`/${path}#${input.layer!}`) === true
    ? `${moved}/${path}#${input.layer!}`
    : byLayer;
}

export const hashesOfInput = (input: ManifestInput | undefined): string[] =>
  input?.files.map(({ sha256 }) => sha256) ?? [];

/**
 * The scale that an input was given; undefined where it has its own. An export is where the manifest has it, unless it was moved.
 *
 * @param choice of the specification
 * @param moved value of the flag `--scale`
 * @throws UsageError when a place is given for an export that there is none
 */
export function placeOfScale(
  input: ManifestInput | undefined,
  choice: string | undefined,
  moved: string | undefined
): PlacedScale | undefined {
  const isExport = choice !== undefined && !isScaleWord(choice);
  if (moved !== undefined && !isExport) {
    throw new UsageError('these results were made without a features export', { field: '--scale', found: moved });
  }
  if (choice === undefined) return undefined;
  if (!isExport) return { choice, files: [] };
  const place = moved === undefined ? input?.scale?.location : absolute(moved, process.cwd());
  const location = scaleOfLayer(place ?? choice, input?.layer ?? null);
  return { choice: location, files: input?.scale?.files ?? [] };
}
