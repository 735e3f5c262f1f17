import { InputError } from '../../matching/errors';

/** Where the scale of each feature comes from, for SAEs without thresholds; absent: from its decoder norm. */
export type ScaleChoice =
  | { readonly kind: 'threshold'; readonly value: number }
  | { readonly kind: 'latents_mean_square' }
  | { readonly kind: 'export'; readonly location: string };

const THRESHOLD = 'threshold:';
const MEAN_SQUARE = 'latents_mean_square';
const PLACEHOLDER = '{layer}';

/** A choice in its one form, in which it stands in specifications: `threshold:<number>`, `latents_mean_square`, a full path. */
export function scaleChoice(text: string): ScaleChoice {
  if (text.startsWith(THRESHOLD)) return { kind: 'threshold', value: Number(text.slice(THRESHOLD.length)) };
  return text === MEAN_SQUARE ? { kind: 'latents_mean_square' } : { kind: 'export', location: text };
}

/** Whether the text is that of a choice other than a path. */
export function isScaleWord(text: string): boolean {
  return text.startsWith(THRESHOLD) || text === MEAN_SQUARE;
}

/** A choice without the place where an export lies, which changes no result. */
export function scaleName(text: string): string {
  return isScaleWord(text) ? text : 'max_act_approx';
}

/**
 * The choice for one layer: `{layer}` in a path stands for it.
 *
 * @throws InputError when the path needs a layer and it is not known
 */
export function scaleOfLayer(text: string, layer: number | null): string {
  if (isScaleWord(text) || !text.includes(PLACEHOLDER)) return text;
  if (layer !== null) return text.replaceAll(PLACEHOLDER, String(layer));
  throw new InputError('the layer of the SAE is not known', {
    ...{ file: text, field: '--scale', found: PLACEHOLDER, expected: 'a path without it' },
    remedy: 'Name the export of this SAE.',
  });
}
