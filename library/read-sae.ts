import { loadInput } from '../activities/steps/load-input';
import { silentContext } from '../activities/task-context';
import { CancelledError } from '../matching/errors';
import type { SaeHeader } from '../sae/canonical';
import { hashInputs } from '../sae/hash-inputs';
import { openSaes, resolveSaeArgument } from '../sae/sae-argument';
import { giveScale } from '../sae/scale/give-scale';
import { parseScale } from '../sae/scale/parse-scale';
import { selectionOf } from '../sae/select/selection';
import { absolute } from '../sae/sources/location';
import type { Sae } from './sae';
import type { TaskOptions } from './task-options';

/** Which SAE is meant where a place holds several a layer; each as the flag of the same name. */
export interface SelectOptions {
  /** Name of the reader, for example `gemma-scope`. Default: found by what the files contain. */
  readonly format?: string;
  /** `16k`, `1m`, or a number of features. */
  readonly width?: string;
  /** `canonical`, a number, a label such as `small`, `nearest:<number>`, or, for {@link listSaes}, `similar`. */
  readonly l0?: string;
  /** A kind of hook point such as `resid_post`, or a part of the name of the hook point or of the path. */
  readonly hook?: string;
  /** A step of the training. Default: the SAE that the training gave in the end. */
  readonly step?: number;
}

export interface ReadOptions extends SelectOptions, Pick<TaskOptions, 'signal' | 'onProgress'> {
  /**
   * What is folded into an SAE without thresholds instead of its decoder norms: `threshold:<number>`,
   * `latents_mean_square`, or the path of a Neuronpedia features export, in which `{layer}` stands for the layer.
   */
  readonly scale?: string;
}

/** One SAE of a place, as its headers show it. */
export interface ListedSae {
  /** What {@link readSae} takes. */
  readonly name: string;
  readonly layer: number | null;
  /** Null when `error` is set. */
  readonly header: SaeHeader | null;
  /** Why it cannot be read; null when its headers are sound. */
  readonly error: Error | null;
}

/**
 * The SAEs of a folder, bucket (`gs://`), repository of the Hugging Face Hub (`hf://`) or web server, from their headers
 * only: one a layer where layers are known, ascending.
 *
 * @param location as for every command: a folder, a file, a URL, or `<source>#<layer>`
 * @throws InputError when there is no SAE, or a layer has several and the options do not say which
 * @throws UnavailableError when the place does not answer
 *
 * @example
 * ```ts
 * import { listSaes } from 'sae-match';
 *
 * const saes = await listSaes('examples/minilm-l6');
 * console.log(saes.map(({ layer, header }) => `${layer}: ${header?.features}`).join(', '));
 * // 0: 1024, 1: 1024, 2: 1024, 3: 1024, 4: 1024, 5: 1024, 6: 1024
 * ```
 */
export async function listSaes(location: string, options: SelectOptions = {}): Promise<ListedSae[]> {
  const place = absolute(location, process.cwd());
  const all = await openSaes(place, selected(options));
  const isLayered = all.entries.some(({ layer }) => layer !== null);
  const { entries, argumentOf } = isLayered ? await openSaes(place, { ...selected(options), layers: null }) : all;
  return entries.map((entry) => {
    const { layer, header, error } = entry;
    return { name: argumentOf(entry), layer, header, error };
  });
}

/**
 * Reads one SAE of any supported format into memory, downloading it into the cache of this machine where it lies elsewhere.
 *
 * @param location a folder, a file, a URL (`hf://`, `gs://`, `https://`), or `<source>#<layer>`
 * @throws InputError when there is no such SAE, there are several, or its files are broken
 * @throws UnavailableError when the place does not answer
 *
 * @example
 * ```ts
 * import { readSae } from 'sae-match';
 *
 * const { header, encoder, threshold } = await readSae('examples/minilm-l6#3');
 * console.log(header.activation, encoder.rows, encoder.columns, threshold?.length);
 * // jumprelu 1024 384 1024
 * ```
 */
export async function readSae(location: string, options: ReadOptions = {}): Promise<Sae> {
  const scale = options.scale === undefined ? undefined : parseScale(options.scale, process.cwd());
  const {
    source,
    entry,
    argument: name,
  } = await resolveSaeArgument(absolute(location, process.cwd()), selected(options));
  const context = {
    ...silentContext,
    ...(options.onProgress && { onProgress: options.onProgress }),
    throwIfCancelled: (): void => {
      if (options.signal?.aborted === true) throw new CancelledError('reading the SAE');
    },
  };
  context.throwIfCancelled();
  const expected = await hashInputs(source, entry, { trustPlace: true, onProgress: context.throwIfCancelled });
  const { sae, files } = await loadInput(source, entry, expected, context);
  if (scale === undefined) return { ...sae, name, files, scaledBy: null };
  const scaled = await giveScale(sae, scale, { source, entry }, context.throwIfCancelled);
  return { ...scaled.sae, name, files, scaledBy: { choice: scale, files: scaled.files } };
}

function selected(options: SelectOptions): ReturnType<typeof selectionOf> & { readonly format?: string } {
  return { ...selectionOf(options), ...(options.format !== undefined && { format: options.format }) };
}
