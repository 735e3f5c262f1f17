import type { ConfigFields } from './config-fields';

/**
 * `norm_activation` as OpenMOSS has it: `none` where it is missing.
 *
 * @throws InputError for those that rescale every token by itself, which no weight can express
 */
export function normActivation(config: ConfigFields): string {
  const norm = config.text('norm_activation') ?? 'none';
  if (['dataset-wise', 'inference', 'none'].includes(norm)) return norm;
  throw config.unsupported('norm_activation', 'dataset-wise, inference or none: others rescale every token by itself');
}
