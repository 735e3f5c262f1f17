import { InputError } from '../../matching/errors';
import type { Features } from '../../matching/features';

/** The vectors of one SAE, and how a user would name it. */
export interface NamedFeatures {
  readonly name: string;
  readonly features: Features;
}

/** @throws InputError naming both SAEs when their vectors cannot be compared element by element */
export function checkSpaces(source: NamedFeatures, target: NamedFeatures): void {
  for (const [index, part] of source.features.parts.entries()) {
    const widths = [part.rows.columns, target.features.parts[index]!.rows.columns];
    if (widths[0] === widths[1]) continue;
    throw new InputError('the SAEs live in spaces of different size', {
      file: `${source.name} and ${target.name}`,
      field: `${part.name} rows`,
      found: `${widths.join(' and ')} elements`,
      expected: 'the same number in both',
      remedy: 'Match SAEs of the same model and the same kind of hook point.',
    });
  }
}
