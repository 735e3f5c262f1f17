import { UsageError } from '../../matching/errors';
import { absolute } from '../sources/location';

const THRESHOLD = 'threshold:';

/**
 * Brings the scale of SAEs without thresholds to its one form: `threshold:<number>`, `latents_mean_square`, or the absolute path
 * or URL of a features export. Undefined for the default, `decoder_norm`.
 *
 * @param folder that a path is relative to
 * @throws UsageError when a threshold is not a positive number, or it is empty
 */
export function parseScale(text: string, folder: string): string | undefined {
  if (text === 'decoder_norm') return undefined;
  if (text === 'latents_mean_square') return text;
  if (text.startsWith(THRESHOLD)) return `${THRESHOLD}${positive(text.slice(THRESHOLD.length))}`;
  if (text.trim() !== '') return absolute(text, folder);
  throw wrong(JSON.stringify(text), 'decoder_norm | threshold:<number> | latents_mean_square | a features export');
}

function positive(text: string): number {
  const value = Number(text);
  if (/^\+?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) && value > 0 && Number.isFinite(value)) return value;
  throw wrong(`${THRESHOLD}${text}`, 'a positive number, such as threshold:0.5');
}

function wrong(found: string, expected: string): UsageError {
  return new UsageError('cannot be understood as a scale', { field: '--scale', found, expected });
}
