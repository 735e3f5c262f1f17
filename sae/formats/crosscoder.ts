import { posix } from 'node:path';
import { InputError } from '../../matching/errors';
import type { SaeHeader } from '../canonical';
import type { SaeLocation } from '../catalogue-entry';
import type { TensorFile } from '../containers/tensor';
import type { SourceView } from '../sources/source-view';
import { assemble } from './assemble';
import type { ConfigFields } from './config-fields';
import { locationsOfSites, sitesIfAny, sitesOf } from './crosscoder-sites';
import { hasSites, requireCrosscoder, siteCount } from './crosscoder-tensors';
import type { CrosscoderLayout } from './crosscoder-tensors';
import { singleFileLocation, weightsOf } from './format';
import type { CandidateFile, SaeFormat } from './format';
import { headerOf } from './header';
import { SITE_NORM, siteOfCrosscoder } from './notes';
import { readConfig, readConfigIfAny } from './read-config';
import type { SaeTensors } from './tensor-checks';

/**
 * Crosscoders as the replication of model diffing saves them: `cc_weights.pt` with `cfg.json`, or `<n>.pt` with
 * `<n>_cfg.json`. W_enc `[sites, d, F]`, W_dec `[F, sites, d]`, b_enc `[F]`, b_dec `[sites, d]`; ReLU of the sum over all
 * sites, nothing subtracted. Each site is one SAE. Sites are two models at one layer, or several layers.
 */
export const crosscoder: SaeFormat = {
  name: 'crosscoder',
  lookedFor: 'cc_weights.pt with W_enc, W_dec of three axes and cfg.json (crosscoder)',
  async find(view, candidates) {
    const locations: SaeLocation[] = [];
    for (const { file, tensors } of candidates.filter(isCrosscoder)) {
      const path = configPath(view, file.path);
      const location = singleFileLocation(view, file, path === null ? [] : [path]);
      const config = await readConfigIfAny(view, path);
      locations.push(...locationsOfSites(location, sitesIfAny(config, siteCount(tensors, LAYOUT), FIELDS)));
    }
    return locations;
  },
  async readHeader(view, location) {
    return (await parse(view, location)).header;
  },
  async load(view, location) {
    const { header, tensors, sites } = await parse(view, location);
    return assemble(header, tensors, { threshold: new Float64Array(tensors.features), jointEncoder: sites > 1 });
  },
};

const LAYOUT: CrosscoderLayout = {
  names: { encoder: 'W_enc', encoderBias: 'b_enc', decoder: 'W_dec', decoderBias: 'b_dec' },
  decoderSiteAxis: 1,
};
const FIELDS = { hooks: ['hook_point', 'hook_points', 'hook_name', 'hook_names'], layers: ['layer', 'layers'] };
const KNOWN = new Set<string>(Object.values(LAYOUT.names));
/** Fields with which variants of the code, whose files look the same, make something else of the features than ReLU. */
const ACTIVATION_FIELDS = ['activation', 'activation_fn', 'act_fn'];
const TOP_K_FIELDS = ['k', 'top_k', 'topk', 'k_sparsity'];

const NO_CONFIG = 'no cfg.json is beside it: read as ReLU, and its hook point is not known';
const NO_SCALE =
  'where its training scaled the activations, the factor of each site is in no file: it is read with scale 1';

function isCrosscoder({ file, tensors }: CandidateFile): boolean {
  if (tensors === null) return posix.basename(file.path) === 'cc_weights.pt';
  const has = (name: string): boolean => tensors.tensors.has(name);
  const sound = hasSites(tensors, 'W_enc') || hasSites(tensors, 'W_dec');
  return has('W_enc') && has('W_dec') && sound;
}

function configPath(view: SourceView, weights: string): string | null {
  const [folder, name] = [posix.dirname(weights), posix.basename(weights, '.pt')];
  const places = [posix.join(folder, `${name}_cfg.json`), posix.join(folder, 'cfg.json')];
  return places.find((path) => view.find(path) !== undefined) ?? null;
}

interface Site {
  readonly header: SaeHeader;
  readonly tensors: SaeTensors;
  readonly sites: number;
}

async function parse(view: SourceView, location: SaeLocation): Promise<Site> {
  const weights = weightsOf(location);
  const path = configPath(view, weights.path);
  const config = path === null ? null : await readConfig(view, path);
  const file = await view.tensors(weights.path);
  const all = requireCrosscoder(file, LAYOUT);
  checkIsRelu(file, config);
  const site = Number(location.part);
  const tensors = all.of(site);
  config?.checkSize('d_in', tensors.dIn);
  config?.checkSize('dict_size', all.features);
  config?.checkSize('n_models', all.sites);
  const { hooks, notes } = sitesOf(config, all.sites, FIELDS);
  const header = headerOf(location, tensors, {
    ...{ format: crosscoder.name, hook: hooks[site]!, activation: 'relu', gauge: 'decoder_norm' },
    notes: [...siteOfCrosscoder(all.sites, SITE_NORM), ...notes, ...(config === null ? [NO_CONFIG] : []), NO_SCALE],
  });
  return { header, tensors, sites: all.sites };
}

/** @throws InputError where tensors or fields are there that only a variant of another activation has */
function checkIsRelu(file: TensorFile, config: ConfigFields | null): void {
  const other = [...file.tensors.keys()].find((name) => !KNOWN.has(name));
  if (other !== undefined) {
    throw new InputError('this kind of crosscoder is not supported by this version', {
      ...{ file: file.name, field: other, found: `a tensor ${other}` },
      expected: `${[...KNOWN].join(', ')} and no others: a crosscoder of ReLU`,
    });
  }
  if (config === null) return;
  const activation = ACTIVATION_FIELDS.find((field) => (config.text(field) ?? 'relu').toLowerCase() !== 'relu');
  if (activation !== undefined) throw config.unsupported(activation, 'relu');
  const topK = TOP_K_FIELDS.find((field) => config.integer(field) !== null);
  if (topK !== undefined) throw config.unsupported(topK, 'no such field: a crosscoder of ReLU, not of top-k');
}
