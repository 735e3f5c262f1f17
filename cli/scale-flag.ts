import type { Command } from 'commander';

/** The flag of verbs that fold; `parseScale` reads its value. */
export function withScaleFlag(command: Command): Command {
  return command.option(
    '--scale <choice>',
    'scale of the features of SAEs without thresholds: decoder_norm | threshold:<number> |\n' +
      'latents_mean_square | path or URL of a Neuronpedia features export, {layer} for the layer (default: decoder_norm)'
  );
}
