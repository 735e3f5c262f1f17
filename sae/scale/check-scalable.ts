import { InputError } from '../../matching/errors';
import type { SaeHeader } from '../canonical';
import { formatByName } from '../formats/registry';
import { scaleChoice } from './scale-choice';

/**
 * Checks by its header alone that an SAE can be given a scale.
 *
 * @throws InputError when it has one of its own, or its format never has what was chosen
 */
export function checkScalable(header: SaeHeader, choice: string, file: string): void {
  const place = { file, field: '--scale' };
  if (header.gauge === 'theta') {
    throw new InputError('the thresholds of this SAE are its scale', {
      ...{ ...place, found: `${choice} for an SAE that gates with thresholds (${header.activation})` },
      expected: 'an SAE without thresholds: ReLU, TopK, BatchTopK',
      remedy: 'Leave --scale out.',
    });
  }
  if (header.gauge === 'given') {
    throw new InputError('a scale is folded into this SAE already', {
      ...{ ...place, found: choice, expected: 'an SAE with its own weights' },
      remedy: 'Leave --scale out, or name the SAE that it was made from.',
    });
  }
  if (scaleChoice(choice).kind !== 'latents_mean_square' || formatByName(header.format).meanSquares) return;
  throw new InputError('this SAE has no mean squares of its activations', {
    ...{ ...place, found: `format ${header.format}`, expected: 'format openai, whose files have latents_mean_square' },
    remedy: 'Choose another scale: threshold:<number>, or the path of a Neuronpedia features export.',
  });
}
