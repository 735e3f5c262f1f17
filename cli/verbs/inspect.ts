import { describeSae } from '../../sae/describe';
import type { SaeDescription } from '../../sae/describe';
import type { CatalogueEntry } from '../../sae/catalogue-entry';
import { UsageError } from '../../matching/errors';
import { openSaes } from '../../sae/sae-argument';
import { scaleChoice } from '../../sae/scale/scale-choice';
import type { Traits } from '../../sae/select/traits';
import { traitsOf } from '../../sae/select/traits';
import type { SaeSource } from '../../sae/sources/source';
import { withDownloadBar } from '../download-bar';
import { figure, formatBytes, formatTable } from '../format-table';
import type { Output } from '../output';
import { withScaleFlag } from '../scale-flag';
import { argumentOptions, withSelectionFlags } from '../selection-flags';
import type { SelectionFlags } from '../selection-flags';
import { parseScale } from '../../sae/scale/parse-scale';
import type { AddVerb } from '../verb';

interface InspectFlags extends SelectionFlags {
  readonly scale?: string;
  readonly json?: boolean;
}

export const addInspect: AddVerb = (program, action) =>
  withScaleFlag(withSelectionFlags(program.command('inspect')))
    .summary('describe an SAE, or list the SAEs of a source')
    .description(
      'One SAE is read whole and described with its weight statistics; of several only the headers are read.'
    )
    .argument('<sae|source>', 'a folder, a file, or <source>#<layer>')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  sae-match inspect examples/minilm-l6\n  sae-match inspect examples/minilm-l6#3 --json\n' +
        '  sae-match inspect hf://google/gemma-scope-2b-pt-res --width 16k'
    )
    .action(action((output, argument: string, flags: InspectFlags) => inspectVerb(output, argument, flags)));

async function inspectVerb(output: Output, argument: string, flags: InspectFlags): Promise<number> {
  const scale = flags.scale === undefined ? undefined : parseScale(flags.scale, process.cwd());
  const { source, entries } = await openSaes(argument, argumentOptions(flags));
  const [only] = entries;
  if (entries.length === 1) {
    const description = await withDownloadBar(output, only!, (options) =>
      describeSae(source, only!, { ...options, weights: true, ...(scale !== undefined && { scale }) })
    );
    if (flags.json === true) output.json(description);
    else printSae(output, description, scale);
    return 0;
  }
  if (scale !== undefined) {
    throw new UsageError('a scale is given to one SAE', {
      ...{ field: '--scale', found: `${entries.length} SAEs at ${argument}` },
      remedy: 'Name one of them, such as <source>#<layer>.',
    });
  }
  return inspectSource(output, source, entries, flags.json ?? false);
}

async function inspectSource(
  output: Output,
  source: SaeSource,
  entries: readonly CatalogueEntry[],
  json: boolean
): Promise<number> {
  const broken = entries.filter(({ error }) => error !== null);
  const sound = entries.filter(({ error }) => error === null);
  const saes = await Promise.all(sound.map((entry) => describeSae(source, entry, { weights: false })));
  if (json) {
    const errors = broken.map(({ path, layer, error }) => ({ path, layer, error: error!.message }));
    output.json({ source: source.root, saes, ...(errors.length > 0 && { errors }) });
  } else {
    const rows = saes.map((sae, index) => [
      String(sae.layer ?? '-'),
      sae.path,
      sae.format ?? '-',
      String(sae.features),
      l0Text(traitsOf(sound[index]!, source.fullRoot)),
      sae.d_in === sae.d_out ? String(sae.d_in) : `${sae.d_in!}→${sae.d_out!}`,
      sae.activation ?? '-',
      sae.dtype ?? '-',
      formatBytes(sae.bytes),
    ]);
    const header = ['layer', 'path', 'format', 'features', 'L0', 'd_model', 'activation', 'dtype', 'size'];
    for (const line of formatTable(header, rows, [0, 3, 4, 5, 8])) output.print(line);
  }
  for (const { error } of broken) output.warn(error!.message);
  return broken.length === 0 ? 0 : 1;
}

/** As the path states it. */
function l0Text({ l0, l0Label }: Traits): string {
  return String(l0 ?? l0Label ?? '-');
}

function printSae(output: Output, sae: SaeDescription, scale: string | undefined): void {
  const facts: [string, string][] = [
    ['format', sae.format ?? 'unknown'],
    ['path', sae.path],
    ['layer', String(sae.layer ?? 'unknown')],
    ['hook point', sae.hook ?? 'unknown'],
    ['features', String(sae.features)],
    ['d_in, d_out', `${sae.d_in!}, ${sae.d_out!}`],
    ['dtype', sae.dtype ?? 'unknown'],
    ['activation', sae.k === null ? (sae.activation ?? 'unknown') : `${sae.activation!}, k = ${sae.k}`],
    ['scale folded', scaleText(sae.gauge, scale)],
    ['input norm', sae.input_norm ?? 'unknown'],
    ['θ', quantileLine(sae.theta)],
    ...(sae.scale === undefined ? [] : [['scale', quantileLine(sae.scale)] as [string, string]]),
    ['decoder norm', quantileLine(sae.decoder_norm)],
    ['excluded', `${sae.excluded ?? 0} features with ${sae.scale === undefined ? 'θ' : 'a scale'} ≤ 0`],
    ['dead', `${sae.dead ?? 0} features with a zero row`],
    ['size', formatBytes(sae.bytes)],
    ['folding', foldingText(sae)],
  ];
  for (const [name, value] of facts) output.print(`${name.padEnd(13)} ${value}`);
  for (const note of sae.notes) output.print(`note          ${note}`);
}

function foldingText({ fold_changes_result: changes, excluded }: SaeDescription): string {
  if (changes === false) return 'changes nothing: one scale for all features';
  // A positive scale changes no direction; features without one are left out only when folding.
  return excluded === 0 ? 'changes the matching, unless it is of one part by --metric cosine' : 'changes the matching';
}

/** What folding divides activations by. */
function scaleText(gauge: SaeDescription['gauge'], scale: string | undefined): string {
  if (gauge === 'theta') return 'threshold θ';
  if (gauge === 'decoder_norm') return 'decoder norm';
  if (scale === undefined) return 'given when it was converted, folded in already';
  const choice = scaleChoice(scale);
  if (choice.kind === 'threshold') return `given: ${choice.value} for every feature`;
  return choice.kind === 'export'
    ? `given: maxActApprox of ${choice.location}`
    : 'given: square root of latents_mean_square';
}

function quantileLine(values: SaeDescription['theta']): string {
  if (values === null) return 'none';
  const { min, q05, q50, q95, max } = values;
  return `min ${figure(min)}, 5 % ${figure(q05)}, median ${figure(q50)}, 95 % ${figure(q95)}, max ${figure(max)}`;
}
