import type { Activation } from '../canonical';
import { layerOfHook } from '../layer-name';
import { PER_TOKEN } from './notes';
import { ConfigFields } from './config-fields';
import type { Json } from './config-fields';

/** What a SAELens `cfg.json` says that matters for reading the weights, of any version. */
export interface SaelensConfig {
  readonly activation: Exclude<Activation, 'batchtopk' | 'groupmax'>;
  readonly isTranscoder: boolean;
  readonly hasSkip: boolean;
  /** Features that are kept; null where their number is not fixed. */
  readonly k: number | null;
  readonly ranksByDecoderNorm: boolean;
  readonly dIn: number;
  readonly dOut: number;
  readonly features: number;
  readonly hook: string | null;
  readonly subtractDecoderBias: boolean;
  readonly inputNorm: InputNorm;
  readonly notes: readonly string[];
}

const INPUT_NORMS = ['none', 'expected_average_only_in', 'layer_norm', 'constant_norm_rescale'] as const;
type InputNorm = (typeof INPUT_NORMS)[number];

/** Architectures, and how they gate; `_transcoder` and `_skip_transcoder` may follow. */
const ARCHITECTURES = { standard: 'relu', topk: 'topk', jumprelu: 'jumprelu', gated: 'gated' } as const;
const KNOWN =
  'standard | topk | jumprelu | gated | transcoder | skip_transcoder | jumprelu_transcoder | jumprelu_skip_transcoder';

/** Whether a JSON object is a SAELens configuration: every version names both sizes this way. */
export function isSaelensConfig(config: Json): boolean {
  return typeof config.d_in === 'number' && typeof config.d_sae === 'number';
}

/** The layer that a configuration names; also that of an SAE which is not supported. */
export function layerOfConfig(config: Json): number | null {
  const fields = new ConfigFields(config, '');
  const layer = fields.within('metadata').integer('hook_layer') ?? fields.integer('hook_layer');
  return layer ?? fields.integer('hook_point_layer') ?? layerOfHook(hookOf(fields));
}

/**
 * Reads the configuration of SAELens 6 (hook names under `metadata`) and of the versions before it (flat, with
 * `hook_point` or `hook_name`), with the defaults that SAELens applies to what is missing.
 *
 * @throws InputError when a needed field is missing or the SAE is of a kind that this version does not support.
 */
export function parseSaelensConfig(values: Json, file: string): SaelensConfig {
  const config = new ConfigFields(values, file);
  const { activation, isTranscoder, hasSkip } = architectureOf(config);
  const inputNorm = inputNormOf(config);
  const hookOut = config.within('metadata').text('hook_name_out');
  const dIn = config.size('d_in');
  return {
    ...{ activation, isTranscoder, hasSkip, inputNorm, dIn },
    k: activation === 'topk' ? kOf(config) : null,
    ranksByDecoderNorm: activation === 'topk' && config.flag('rescale_acts_by_decoder_norm', false),
    dOut: isTranscoder ? config.size('d_out') : dIn,
    features: config.size('d_sae'),
    hook: hookOf(config),
    subtractDecoderBias: isTranscoder ? false : config.flag('apply_b_dec_to_input', true),
    notes: [...NORM_NOTES[inputNorm], ...(hookOut === null ? [] : [`writes to ${hookOut}`])],
  };
}

const NORM_NOTES: Readonly<Record<InputNorm, readonly string[]>> = {
  none: [],
  expected_average_only_in: [
    'normalize_activations is expected_average_only_in and the file does not hold its scale: read with scale 1, as SAELens does',
  ],
  layer_norm: [PER_TOKEN],
  constant_norm_rescale: [PER_TOKEN],
};

function hookOf(config: ConfigFields): string | null {
  return config.within('metadata').text('hook_name') ?? config.text('hook_name') ?? config.text('hook_point');
}

function architectureOf(config: ConfigFields): Pick<SaelensConfig, 'activation' | 'isTranscoder' | 'hasSkip'> {
  const { architecture = 'standard' } = config.values;
  const name = typeof architecture === 'string' ? architecture : '';
  const match = /^(?:(\w+?)_)??(skip_)?(transcoder)$/.exec(name);
  const base = match === null ? name : (match[1] ?? 'standard');
  if (!Object.hasOwn(ARCHITECTURES, base)) throw config.unsupported('architecture', KNOWN);
  const activation = ARCHITECTURES[base as keyof typeof ARCHITECTURES];
  const kind = { isTranscoder: match !== null, hasSkip: match?.[2] !== undefined };
  if (base !== 'standard') return { activation, ...kind };
  // Versions before 6 had one architecture and named the function beside it.
  const field = config.values.activation_fn_str === undefined ? 'activation_fn' : 'activation_fn_str';
  const declared = config.values[field] ?? 'relu';
  if (declared === 'relu' || declared === 'topk') return { activation: declared, ...kind };
  throw config.unsupported(field, 'relu or topk');
}

function kOf(config: ConfigFields): number {
  const old = config.within('activation_fn_kwargs');
  return old.integer('k') === null ? config.size('k') : old.size('k');
}

function inputNormOf(config: ConfigFields): InputNorm {
  const declared = config.values.normalize_activations ?? 'none';
  if (declared === false) return 'none';
  if (declared === true) return 'expected_average_only_in';
  const known = INPUT_NORMS.find((name) => name === declared);
  if (known !== undefined) return known;
  throw config.unsupported('normalize_activations', INPUT_NORMS.join(' | '));
}
