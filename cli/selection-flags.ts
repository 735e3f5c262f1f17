import type { Command } from 'commander';
import type { SaeArgumentOptions } from '../sae/sae-argument';
import { selectionOf } from '../sae/select/selection';

/** Which SAEs of a source are meant, as the command line parser hands it over. */
export interface SelectionFlags {
  readonly format?: string;
  readonly width?: string;
  readonly l0?: string;
  readonly hook?: string;
  readonly step?: string;
}

/** Flags of every verb that reads SAEs. */
export function withSelectionFlags(command: Command): Command {
  return command
    .option('--width <features>', 'of several SAEs a layer that of this width, such as 16k or 16384')
    .option('--l0 <choice>', 'that of this L0: canonical | a number or label | nearest:<number> | similar')
    .option('--hook <point>', 'that of this hook point, such as resid_post')
    .option('--step <number>', 'that saved at this step of its training (default: the one it gave in the end)')
    .option('--format <name>', 'format of the SAEs (default: detected)');
}

/** The same for {@link openSaes}. @throws UsageError */
export function argumentOptions(flags: SelectionFlags): SaeArgumentOptions {
  return { ...selectionOf(flags), ...(flags.format !== undefined && { format: flags.format }) };
}
