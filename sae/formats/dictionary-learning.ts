import { posix } from 'node:path';
import { InputError } from '../../matching/errors';
import type { SaeHeader } from '../canonical';
import type { SaeLocation } from '../catalogue-entry';
import { readScalar } from '../containers/read-tensor';
import type { TensorFile } from '../containers/tensor';
import type { SourceView } from '../sources/source-view';
import { stepOfFile } from '../step-name';
import { assemble } from './assemble';
import type { Conventions } from './assemble';
import type { ConfigFields } from './config-fields';
import { classOf, DICTIONARY_CLASSES } from './dictionary-classes';
import type { DictionaryClass } from './dictionary-classes';
import {
  crosscoderFields,
  dictionarySites,
  isDictionaryCrosscoder,
  parseDictionarySite,
} from './dictionary-crosscoder';
import { singleFileLocation, weightsOf } from './format';
import type { CandidateFile, SaeFormat } from './format';
import { headerOf } from './header';
import { NEVER_SET } from './notes';
import { readConfig, readConfigIfAny } from './read-config';
import { findTensor, requireCount, requireSaeTensors } from './tensor-checks';
import type { SaeTensors } from './tensor-checks';

const FORMAT = 'dictionary-learning';

/**
 * dictionary_learning: `ae.pt`, a state dict of `torch.save`, with `config.json` beside it, whose `trainer.dict_class`
 * says which class it is; without one the names of the tensors do. Checkpoints of the training, `ae_<step>.pt`, may lie
 * beside it or in a folder `checkpoints`. Names may begin with `_orig_mod.`, which torch.compile adds. Scales of the
 * activations were folded into the weights when they were saved. A crosscoder gives one SAE for each of its sites.
 */
export const dictionaryLearning: SaeFormat = {
  name: FORMAT,
  lookedFor: 'ae.pt with config.json (dictionary_learning)',
  async find(view, candidates) {
    const locations: SaeLocation[] = [];
    for (const candidate of candidates) {
      const { file, tensors } = candidate;
      if (!isDictionary(candidate) && !hasMatrix(tensors)) continue;
      const config = configPath(view, file.path);
      const location = { ...singleFileLocation(view, file, config === null ? [] : [config]), ...stepOf(file.path) };
      const fields = await readConfigIfAny(view, config);
      const crosscoder = fields && crosscoderFields(fields);
      if (tensors !== null && isDictionaryCrosscoder(tensors, crosscoder, rename)) {
        locations.push(...dictionarySites(location, tensors, crosscoder, rename));
        continue;
      }
      if (!isDictionary(candidate)) continue;
      const layer = fields === null ? null : trainerOf(fields).integer('layer');
      locations.push({ ...location, layer: layer ?? location.layer });
    }
    return locations;
  },
  async readHeader(view, location) {
    return (await parse(view, location)).header;
  },
  async load(view, location) {
    const { header, tensors, conventions } = await parse(view, location);
    return assemble(header, tensors, await conventions());
  },
};

interface Dictionary {
  readonly header: SaeHeader;
  readonly tensors: SaeTensors;
  readonly conventions: () => Promise<Conventions>;
}

const USUAL_NAME = /(?:^|\/)(?:ae(?:_\w+)?|checkpoint_\d+)\.pt$/;

/** The step of a checkpoint of the training. */
function stepOf(weights: string): Pick<SaeLocation, 'step'> {
  const step = stepOfFile(weights);
  return step === null ? {} : { step };
}

function isDictionary({ file, tensors }: CandidateFile): boolean {
  if (tensors === null) return USUAL_NAME.test(file.path);
  return tensors.kind === 'torch' && classOf(namesOf(tensors)) !== null;
}

/** Whether one of the matrices is there, so that its shape or the configuration may make it a crosscoder's. */
function hasMatrix(tensors: TensorFile | null): boolean {
  return tensors !== null && ['encoder.weight', 'decoder.weight'].some((name) => namesOf(tensors).has(name));
}

/** torch.compile puts its own module around the one that was saved. */
const rename = (name: string): string => name.replace(/^_orig_mod\./, '');
const namesOf = ({ tensors }: TensorFile): ReadonlySet<string> => new Set([...tensors.keys()].map(rename));

/** Beside the weights, or beside the folder of checkpoints that they lie in. */
function configPath(view: SourceView, weights: string): string | null {
  const folder = posix.dirname(weights);
  const places = [posix.join(folder, 'config.json'), posix.join(posix.dirname(folder), 'config.json')];
  return places.find((path) => view.find(path) !== undefined) ?? null;
}

const trainerOf = (config: ConfigFields): ConfigFields => config.within('trainer');

async function parse(view: SourceView, location: SaeLocation): Promise<Dictionary> {
  const weights = weightsOf(location);
  const configuration = location.files.find(({ path }) => path.endsWith('.json'));
  const file = await view.tensors(weights.path);
  const config = configuration === undefined ? null : await readConfig(view, configuration.path);
  if (location.part !== null) {
    return parseDictionarySite(location, file, config && crosscoderFields(config), { format: FORMAT, rename });
  }
  const trainer = config && trainerOf(config);
  const { kind, notes } = kindOf(file, trainer);
  const tensors = requireSaeTensors(file, { ...kind.layout, rename });
  const scalar = async (name: string): Promise<number | null> => {
    const tensor = findTensor(file, name, rename);
    return tensor === undefined ? null : readScalar(tensor);
  };
  const threshold = kind.threshold === 'scalar' ? ((await scalar('threshold')) ?? -1) : null;
  const gauge = kind.threshold === 'features' || (threshold !== null && threshold > 0) ? 'theta' : 'decoder_norm';
  const header = headerOf(location, tensors, {
    format: FORMAT,
    hook:
      trainer?.text('submodule_name') ?? (location.layer === null ? null : `blocks.${location.layer}.hook_resid_post`),
    activation: kind.activation,
    k: requireCount(file, await scalar('k')),
    gauge,
    notes: [...notes, ...(threshold !== null && threshold <= 0 ? [NEVER_SET] : [])],
  });
  const conventions = (): Promise<Conventions> => kind.read({ file, tensors, rename, threshold });
  return { header, tensors, conventions };
}

function kindOf(file: TensorFile, trainer: ConfigFields | null): { kind: DictionaryClass; notes: readonly string[] } {
  const declared = trainer?.text('dict_class') ?? null;
  const isKnown = declared !== null && Object.hasOwn(DICTIONARY_CLASSES, declared);
  if (isKnown) return { kind: DICTIONARY_CLASSES[declared]!, notes: [] };
  if (declared !== null) throw trainer!.unsupported('dict_class', Object.keys(DICTIONARY_CLASSES).join(' | '));
  const name = classOf(namesOf(file));
  if (name === null) {
    throw new InputError('the weights are of no known class of dictionary_learning', {
      file: file.name,
      found: [...file.tensors.keys()].join(', ') || 'no tensors',
      expected: 'the tensors of one of its classes, or config.json beside them',
    });
  }
  return { kind: DICTIONARY_CLASSES[name]!, notes: [`no config.json names its class: read as ${name}`] };
}
