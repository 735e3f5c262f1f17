import { posix } from 'node:path';
import type { CanonicalSae, SaeHeader } from '../canonical';
import { bytesOf } from '../catalogue-entry';
import type { SaeLocation } from '../catalogue-entry';
import { readVector } from '../containers/read-tensor';
import type { StoredTensor, TensorFile } from '../containers/tensor';
import type { SourceView } from '../sources/source-view';
import { assemble } from './assemble';
import { saePath, singleFileLocation } from './format';
import type { CandidateFile, SaeFormat } from './format';
import { requireNoScaling } from './scaling-factor';
import { dtypeNotes, requireSaeTensors, requireShape, requireTensor } from './tensor-checks';
import type { SaeTensors } from './tensor-checks';

/**
 * Gemma Scope 1: one `params.npz` an SAE, no configuration. W_enc `[d, F]`, W_dec `[F, d]`, b_enc and threshold `[F]`,
 * b_dec `[d]`; JumpReLU, nothing subtracted from the input, nothing to normalise. Layer and hook point come from the
 * path `layer_<N>/width_<w>/average_l0_<n>/` or `layer_<N>/width_<w>/canonical/` and the name of the repository.
 */
export const gemmaScope: SaeFormat = {
  name: 'gemma-scope',
  lookedFor: 'params.npz with W_enc, W_dec, b_enc, b_dec, threshold (Gemma Scope)',
  find(view, candidates) {
    const locations = candidates
      .filter(isGemmaScope)
      .map(({ file }) => singleFileLocation(view, file))
      .map((location) => (isEmbedding(view, location) ? { ...location, layer: null } : location));
    return Promise.resolve(locations);
  },
  async readHeader(view, location) {
    return (await parse(view, location)).header;
  },
  async load(view, location) {
    return load(await parse(view, location), isEmbedding(view, location));
  },
};

const LAYOUT = { encoderFeatureAxis: 1, rename: upperCaseMatrix } as const;

interface GemmaScopeSae {
  readonly header: SaeHeader;
  readonly tensors: SaeTensors;
  readonly threshold: StoredTensor;
  readonly file: TensorFile;
}

function isGemmaScope({ file, tensors }: CandidateFile): boolean {
  if (tensors === null) return posix.basename(file.path) === 'params.npz';
  if (tensors.kind !== 'npz') return false;
  const names = new Set([...tensors.tensors.keys()].map(upperCaseMatrix));
  return ['W_enc', 'W_dec', 'threshold'].filter((name) => names.has(name)).length >= 2;
}

/** Some files write `w_enc` and `w_dec`. */
function upperCaseMatrix(name: string): string {
  return name.startsWith('w_') ? `W_${name.slice(2)}` : name;
}

async function parse(view: SourceView, location: SaeLocation): Promise<GemmaScopeSae> {
  const file = await view.tensors(location.files[0]!.path);
  const tensors = requireSaeTensors(file, LAYOUT);
  const threshold = requireShape(requireTensor(file, 'threshold'), [tensors.features]);
  const embedding = isEmbedding(view, location);
  const header: SaeHeader = {
    format: gemmaScope.name,
    path: location.path,
    layer: location.layer,
    hook: embedding ? 'hook_embed' : hookOf(view, location),
    features: tensors.features,
    dIn: tensors.dIn,
    dOut: tensors.dOut,
    dtype: tensors.decoder.dtype,
    activation: 'jumprelu',
    k: null,
    gauge: 'theta',
    inputNorm: embedding ? 'sqrt_d_model' : 'none',
    bytes: bytesOf(location),
    notes: [...dtypeNotes(tensors), ...(embedding ? [EMBEDDING_NOTE] : [])],
  };
  return { header, tensors, threshold, file };
}

const EMBEDDING_NOTE =
  'trained on embeddings before the factor sqrt(d_model): b_enc, threshold and b_dec are multiplied by it; belongs to no layer';

async function load({ header, tensors, threshold, file }: GemmaScopeSae, embedding: boolean): Promise<CanonicalSae> {
  await requireNoScaling(file, tensors.features);
  return assemble(header, tensors, {
    threshold: await readVector(threshold, tensors.features),
    inputScale: embedding ? 1 / Math.sqrt(tensors.dIn) : 1,
  });
}

function isEmbedding(view: SourceView, location: SaeLocation): boolean {
  const folders = `${view.source.fullRoot}/${location.path}`.split(/[/\\]/);
  const width = folders.findLastIndex((folder) => folder.startsWith('width_'));
  return folders[width - 1] === 'embedding';
}

/** The repositories `gemma-scope-<model>-res|mlp|att` say in their name what their SAEs read. */
function hookOf(view: SourceView, { path, layer }: SaeLocation): string | null {
  const site = /gemma-scope-[\w.-]*?-(res|mlp|att|transcoders)(?=$|[/\\._-])/.exec(
    `${view.source.fullRoot}/${saePath(path)}`
  )?.[1];
  if (site === undefined || layer === null) return null;
  const hooks: Readonly<Record<string, string>> = {
    res: 'hook_resid_post',
    mlp: 'hook_mlp_out',
    att: 'attn.hook_z',
    transcoders: 'ln2.hook_normalized',
  };
  return `blocks.${layer}.${hooks[site]}`;
}
