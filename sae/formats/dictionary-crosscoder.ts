import { InputError } from '../../matching/errors';
import type { SaeHeader } from '../canonical';
import type { SaeLocation } from '../catalogue-entry';
import { readScalar } from '../containers/read-tensor';
import type { TensorFile } from '../containers/tensor';
import type { Conventions } from './assemble';
import { isObject } from './config-fields';
import type { ConfigFields } from './config-fields';
import { isNormalised, readSiteThreshold } from './crosscoder-gate';
import { locationsOfSites, sitesIfAny, sitesOf } from './crosscoder-sites';
import { hasSites, requireCrosscoder, siteCount } from './crosscoder-tensors';
import type { CrosscoderLayout } from './crosscoder-tensors';
import { headerOf } from './header';
import { NEVER_SET, SHARED_THRESHOLD, SITE_NORM, siteOfCrosscoder } from './notes';
import { findTensor, LINEAR_LAYERS, requireCount } from './tensor-checks';
import type { SaeTensors } from './tensor-checks';

/** One site of a crosscoder, as dictionary_learning's reader needs it. */
export interface DictionarySite {
  readonly header: SaeHeader;
  readonly tensors: SaeTensors;
  readonly conventions: () => Promise<Conventions>;
}

/**
 * CrossCoder and BatchTopKCrossCoder of dictionary_learning's forks: encoder.weight `[sites, d, F]`, encoder.bias `[F]`,
 * decoder.weight `[sites, F, d]`, decoder.bias `[sites, d]`; nothing is subtracted. The sum over all sites goes through a
 * ReLU; with `threshold` a feature is active where that, times its code normalisation, is larger.
 *
 * @param config its trainer's fields, or those that the Hugging Face Hub keeps; null where there are none
 * @throws InputError
 */
export async function parseDictionarySite(
  location: SaeLocation,
  file: TensorFile,
  config: ConfigFields | null,
  { format, rename }: { readonly format: string; readonly rename: (name: string) => string }
): Promise<DictionarySite> {
  const all = requireCrosscoder(file, { ...LAYOUT, rename });
  const { name, notes } = classOf(file, config, rename);
  await checkReadable(file, name, config, rename);
  const site = Number(location.part);
  const tensors = all.of(site);
  config?.checkSize('activation_dim', tensors.dIn);
  config?.checkSize('dict_size', all.features);
  config?.checkSize('num_layers', all.sites);
  const sites = sitesOf(config, all.sites, FIELDS);
  const gate = name === BATCH_TOP_K ? await readSiteThreshold(file, all, { config, rename, site }) : null;
  const scale = gate === null || gate.threshold <= 0 ? SITE_NORM : gate.isOwn ? OWN_THRESHOLD : SHARED_THRESHOLD;
  const k = findTensor(file, 'k', rename);
  const header = headerOf(location, tensors, {
    ...{ format, hook: sites.hooks[site]! },
    activation: gate === null ? 'relu' : 'batchtopk',
    k: gate === null || k === undefined ? null : requireCount(file, await readScalar(k)),
    gauge: gate !== null && gate.threshold > 0 ? 'theta' : 'decoder_norm',
    notes: [
      ...siteOfCrosscoder(all.sites, scale),
      ...[...sites.notes, ...notes, ...(gate?.notes ?? [])],
      ...(gate !== null && gate.threshold <= 0 ? [NEVER_SET] : []),
    ],
  });
  const conventions = async (): Promise<Conventions> => ({
    threshold: gate === null ? new Float64Array(all.features) : await gate.ofFeatures(),
    jointEncoder: all.sites > 1,
  });
  return { header, tensors, conventions };
}

const BATCH_TOP_K = 'BatchTopKCrossCoder';
const CLASSES: Readonly<Record<string, readonly string[]>> = {
  CrossCoder: [],
  [BATCH_TOP_K]: ['k', 'threshold'],
};
const LAYOUT: CrosscoderLayout = {
  names: { ...LINEAR_LAYERS.names, decoderBias: 'decoder.bias' },
  decoderSiteAxis: 0,
};
const FIELDS = { hooks: ['submodule_name', 'submodule_names'], layers: ['layer', 'layers'] };
const OWN_THRESHOLD = 'the threshold of this site, by its own decoder norms';
/** What every class may hold besides: what its code normalisation and the normalisation of its activations are. */
const BESIDES = ['code_normalization_id', 'target_rms', 'activation_mean', 'activation_std', 'activation_global_scale'];

/** Whether a file holds a crosscoder: its matrices have an axis that those of other dictionaries have not. */
export function isDictionaryCrosscoder(
  tensors: TensorFile,
  config: ConfigFields | null,
  rename: (name: string) => string
): boolean {
  const { encoder, decoder } = LAYOUT.names;
  const [hasEncoder, hasDecoder] = [encoder, decoder].map((name) => findTensor(tensors, name, rename) !== undefined);
  const declared = config?.text('dict_class') ?? '';
  if (Object.hasOwn(CLASSES, declared)) return hasEncoder! || hasDecoder!;
  return hasEncoder! && hasDecoder! && (hasSites(tensors, encoder, rename) || hasSites(tensors, decoder, rename));
}

/** The sites of a file that {@link isDictionaryCrosscoder}. */
export function dictionarySites(
  location: SaeLocation,
  tensors: TensorFile,
  config: ConfigFields | null,
  rename: (name: string) => string
): readonly SaeLocation[] {
  return locationsOfSites(location, sitesIfAny(config, siteCount(tensors, { ...LAYOUT, rename }), FIELDS));
}

/** The fields of the trainer; a configuration of the Hugging Face Hub has what is said of a crosscoder without one. */
export function crosscoderFields(config: ConfigFields): ConfigFields {
  return isObject(config.values.trainer) ? config.within('trainer') : config;
}

function classOf(
  file: TensorFile,
  config: ConfigFields | null,
  rename: (name: string) => string
): { readonly name: string; readonly notes: readonly string[] } {
  const declared = config?.text('dict_class') ?? null;
  if (declared !== null && Object.hasOwn(CLASSES, declared)) return { name: declared, notes: [] };
  if (declared !== null) throw config!.unsupported('dict_class', Object.keys(CLASSES).join(' | '));
  const name = findTensor(file, 'threshold', rename) === undefined ? 'CrossCoder' : BATCH_TOP_K;
  return { name, notes: [`no config.json names its class: read as ${name}`] };
}

/** @throws InputError where the file or its configuration says what would be read wrongly */
async function checkReadable(
  file: TensorFile,
  name: string,
  config: ConfigFields | null,
  rename: (name: string) => string
): Promise<void> {
  const known = [...Object.values(LAYOUT.names), ...BESIDES, ...CLASSES[name]!];
  const other = [...file.tensors.keys()].find((tensor) => !known.includes(rename(tensor)));
  const refuse = (field: string, found: string, expected: string): InputError =>
    new InputError('this kind of crosscoder is not supported by this version', {
      ...{ file: file.name, field, found, expected },
    });
  if (other !== undefined) throw refuse(other, `a tensor ${other}`, `a ${name}: ${known.join(', ')}`);
  if (await isNormalised(file, rename)) {
    throw refuse('activation_mean', 'activations that are normalised', 'NaN: activations as the model produces them');
  }
  for (const fields of config === null ? [] : [config, config.within('dict_class_kwargs')]) {
    const read = fields.values.encoder_layers ?? null;
    const inOrder = Array.isArray(read) && read.every((layer, place) => layer === place);
    if (read !== null && !inOrder) throw fields.unsupported('encoder_layers', 'all layers in their order');
  }
}
