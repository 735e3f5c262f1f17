import { UsageError } from '../../matching/errors';
import { absolute, isUrl } from './location';

const THRESHOLD = 'threshold:';

/**
 * Brings the scale of SAEs without thresholds to its one form: `threshold:<number>`, `latents_mean_square`, or the absolute path
 * of a features export. Undefined for the default, `decoder_norm`.
 *
 * @param folder that a path is relative to
 * @throws UsageError when a threshold is not a positive number, or an export is not on this machine
 */
export function parseScale(text: string, folder: string): string | undefined {
  if (text === 'decoder_norm') return undefined;
  if (text === 'latents_mean_square') return text;
  if (text.startsWith(THRESHOLD)) return `${THRESHOLD}${positive(text.slice(THRESHOLD.length))}`;
  if (!isUrl(text) && text.trim() !== '') return absolute(text, folder);
  throw wrong(JSON.stringify(text), SCALES, 'Exports are read from this machine: download the folder first.');
}

const SCALES = 'decoder_norm | threshold:<number> | latents_mean_square | the path of a features export';

function positive(text: string): number {
  const value = Number(text);
  if (/^\+?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) && value > 0 && Number.isFinite(value)) return value;
  throw wrong(`${THRESHOLD}${text}`, 'a positive number, such as threshold:0.5');
}

function wrong(found: string, expected: string, remedy?: string): UsageError {
  return new UsageError('cannot be understood as a scale', {
    ...{ field: '--scale', found, expected },
    ...(remedy !== undefined && { remedy }),
  });
}
