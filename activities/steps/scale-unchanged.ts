import { InputError } from '../../matching/errors';
import type { CanonicalSae } from '../../sae/canonical';
import type { InputFile } from '../../sae/hash-inputs';
import { exportDifference } from '../../sae/scale/export-difference';
import type { ExportFile } from '../../sae/scale/export-difference';
import { giveScale, withScale } from '../../sae/scale/give-scale';
import type { GivenScale, PlacedSae } from '../../sae/scale/give-scale';
import type { TaskContext } from '../task-context';

/** A scale whose files were fixed before. */
export interface ExpectedScale {
  /** As in a specification. */
  readonly choice: string;
  /** The files of its export as they were; none where it has none. */
  readonly files: readonly ExportFile[];
  /** What was read from those files; absent: they are read when they are needed. */
  readonly read?: GivenScale;
}

/**
 * Gives an SAE the scale that was asked for, if any, and notes of features that have none.
 *
 * @throws InputError as `giveScale` does, and when the export is another than it was
 */
export async function scaleUnchanged(
  sae: CanonicalSae,
  scale: ExpectedScale | undefined,
  place: PlacedSae,
  context: TaskContext
): Promise<{ readonly sae: CanonicalSae; readonly files: readonly InputFile[] }> {
  if (scale === undefined) return { sae, files: [] };
  if (scale.read !== undefined) return { sae: withScale(sae, scale.read), files: scale.read.files };
  const scaled = await giveScale(sae, scale.choice, place, context.throwIfCancelled);
  const difference = exportDifference(scaled.files, scale.files);
  if (difference === null) return scaled;
  const { path, found, expected } = difference;
  throw new InputError('the export changed since it was first looked at', {
    ...{ file: scale.choice, field: path, found, expected },
    remedy: 'Start or resume again when nothing writes to it any more: files are then looked at anew.',
  });
}
