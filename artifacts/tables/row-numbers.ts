import { ArtifactCorruptError } from '../../matching/errors';

/**
 * Checks that row i of a table is about feature i.
 *
 * @throws ArtifactCorruptError
 */
export function checkRowNumbers(features: Int32Array, field: string, file: string): void {
  const row = features.findIndex((feature, index) => feature !== index);
  if (row < 0) return;
  const found = `${features[row]!} in row ${row}`;
  throw new ArtifactCorruptError('the rows are not one a feature in ascending order', { file, field, found });
}
