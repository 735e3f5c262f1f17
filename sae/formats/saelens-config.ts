import { InputError } from '../../matching/errors';
import { layerOfHook } from '../layer-name';

/** What a SAELens `cfg.json` says that matters for reading the weights, of any version. */
export interface SaelensConfig {
  readonly architecture: 'standard' | 'jumprelu';
  readonly dIn: number;
  readonly features: number;
  readonly hook: string | null;
  readonly subtractDecoderBias: boolean;
  readonly inputNorm: 'none' | 'expected_average_only_in';
  readonly notes: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

/** Whether a JSON object is a SAELens configuration: every version names both sizes this way. */
export function isSaelensConfig(config: Json): boolean {
  return typeof config.d_in === 'number' && typeof config.d_sae === 'number';
}

/** The layer that a configuration names; also that of an SAE which is not supported. */
export function layerOfConfig(config: Json): number | null {
  const layer = integerOf(metadataOf(config).hook_layer) ?? integerOf(config.hook_layer);
  return layer ?? integerOf(config.hook_point_layer) ?? layerOfHook(hookOfConfig(config));
}

/**
 * Reads the configuration of SAELens 6 (hook names under `metadata`) and of the versions before it (flat, with
 * `hook_point` or `hook_name`), with the defaults that SAELens applies to what is missing.
 *
 * @throws InputError when a needed field is missing or the SAE is of a kind that this version does not support.
 */
export function parseSaelensConfig(config: Json, file: string): SaelensConfig {
  const inputNorm = inputNormOf(config, file);
  return {
    architecture: architectureOf(config, file),
    dIn: sizeOf(config, 'd_in', file),
    features: sizeOf(config, 'd_sae', file),
    hook: hookOfConfig(config),
    subtractDecoderBias: booleanOf(config, 'apply_b_dec_to_input', true, file),
    inputNorm,
    notes: inputNorm === 'none' ? [] : [AVERAGE_NORM_NOTE],
  };
}

const AVERAGE_NORM_NOTE =
  'normalize_activations is expected_average_only_in and the file does not hold its scale: read with scale 1, as SAELens does';

function hookOfConfig(config: Json): string | null {
  return stringOf(metadataOf(config).hook_name) ?? stringOf(config.hook_name) ?? stringOf(config.hook_point);
}

function metadataOf(config: Json): Json {
  return isObject(config.metadata) ? config.metadata : {};
}

function architectureOf(config: Json, file: string): SaelensConfig['architecture'] {
  const architecture = config.architecture ?? 'standard';
  const activation = config.activation_fn_str ?? config.activation_fn ?? 'relu';
  if (architecture === 'standard' && activation !== 'relu')
    throw unsupported(file, 'activation_fn', activation, 'relu');
  if (architecture === 'standard' || architecture === 'jumprelu') return architecture;
  throw unsupported(file, 'architecture', architecture, 'standard or jumprelu');
}

/** Kinds that rescale every token by itself cannot be folded into the weights. */
function inputNormOf(config: Json, file: string): SaelensConfig['inputNorm'] {
  const declared = config.normalize_activations ?? 'none';
  if (declared === 'none' || declared === false) return 'none';
  if (declared === 'expected_average_only_in' || declared === true) return 'expected_average_only_in';
  throw unsupported(file, 'normalize_activations', declared, 'none or expected_average_only_in');
}

function unsupported(file: string, field: string, found: unknown, expected: string): InputError {
  return new InputError('this kind of SAE is not supported by this version', {
    file,
    field,
    found: typeof found === 'string' ? found : JSON.stringify(found),
    expected,
  });
}

function sizeOf(config: Json, field: string, file: string): number {
  const value = config[field];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  throw new InputError('the configuration is incomplete', {
    file,
    field,
    found: value === undefined ? 'nothing' : JSON.stringify(value),
    expected: 'a positive integer',
  });
}

function booleanOf(config: Json, field: string, fallback: boolean, file: string): boolean {
  const value = config[field] ?? fallback;
  if (typeof value === 'boolean') return value;
  throw new InputError('the configuration cannot be understood', {
    file,
    field,
    found: JSON.stringify(value),
    expected: 'true or false',
  });
}

function stringOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function integerOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}
