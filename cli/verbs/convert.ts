import { openStore } from '../../artifacts/store/open-store';
import { SaeMatchError, UsageError } from '../../matching/errors';
import type { CatalogueEntry } from '../../sae/catalogue-entry';
import { CONVERSIONS, convertSae } from '../../sae/convert';
import type { Conversion } from '../../sae/convert';
import { loadSae } from '../../sae/load-sae';
import { openSaes, splitArgument } from '../../sae/sae-argument';
import { giveScale } from '../../sae/scale/give-scale';
import { parseLayers, selectLayers } from '../../sae/select/layers';
import type { SaeSource } from '../../sae/sources/source';
import { withDownloadBar } from '../download-bar';
import { checkFolder } from '../../artifacts/out-folder';
import type { Output } from '../output';
import { withScaleFlag } from '../scale-flag';
import { argumentOptions, withSelectionFlags } from '../selection-flags';
import type { SelectionFlags } from '../selection-flags';
import { absolute } from '../../sae/sources/location';
import { parseScale } from '../../sae/scale/parse-scale';
import type { AddVerb } from '../verb';

interface ConvertFlags extends SelectionFlags {
  readonly to: string;
  readonly out: string;
  readonly fold?: boolean;
  readonly degenerate: string;
  readonly scale?: string;
  readonly layers?: string;
  readonly force?: boolean;
}

export const addConvert: AddVerb = (program, action) =>
  withScaleFlag(withSelectionFlags(program.command('convert')))
    .summary('write SAEs of any format as one that Python reads')
    .description(
      'One SAE goes into the folder, several into layer_<L>/ below it. Weights are in raw units of the activations, ' +
        'everything float32; what an SAE computes stays the same.'
    )
    .argument('<sae|source>', 'a folder, a file, or <source>#<layer>')
    .requiredOption('--to <format>', CONVERSIONS.join(' or '))
    .requiredOption('--out <folder>', 'where to write: a folder, or gs://<bucket>/<prefix>')
    .option('--fold', "fold each feature's scale into its weights, as they are matched")
    .option('--degenerate <how>', 'features with θ ≤ 0 when folding: exclude or error', 'exclude')
    .option('--layers <list>', 'layers such as 0-6 or 0,2,4 (default: all)')
    .option('--force', 'replace files that are there')
    .addHelpText(
      'after',
      '\nExamples:\n  sae-match convert examples/minilm-l6#3 --to saelens --out layer3\n' +
        '  sae-match convert ./saes --to canonical --fold --layers 0-6 --out folded'
    )
    .action(action((output, argument: string, flags: ConvertFlags) => convertVerb(output, argument, flags)));

async function convertVerb(output: Output, argument: string, flags: ConvertFlags): Promise<number> {
  const to = oneOf('--to', flags.to, CONVERSIONS);
  const degenerate = oneOf('--degenerate', flags.degenerate, ['exclude', 'error'] as const);
  const scale = flags.scale === undefined ? undefined : parseScale(flags.scale, process.cwd());
  if (scale !== undefined && flags.fold !== true) {
    throw new UsageError('a scale is given and nothing is folded', {
      ...{ field: '--scale', found: flags.scale!, remedy: 'Add --fold, or leave --scale out.' },
    });
  }
  const out = absolute(flags.out, process.cwd());
  await checkFolder(out);
  const { location, layer } = splitArgument(argument);
  if (layer !== null && flags.layers !== undefined) {
    throw new UsageError('a layer is chosen twice', { field: '--layers', found: `${argument} and ${flags.layers}` });
  }
  const layers = flags.layers === undefined ? {} : { layers: parseLayers(flags.layers) };
  const opened = await openSaes(argument, { ...argumentOptions(flags), ...layers });
  const { source } = opened;
  const entries = opened.entries.length === 1 ? opened.entries : selectLayers(opened.entries, null, location);
  const options = { to, fold: flags.fold ?? false, degenerate, scale };
  let failed = 0;
  for (const entry of entries) {
    const folder = entries.length === 1 ? '' : `layer_${entry.layer!}/`;
    try {
      for (const path of await convertOne(output, source, entry, {
        ...options,
        out,
        folder,
        force: flags.force ?? false,
      })) {
        output.print(path);
      }
    } catch (error) {
      // The other layers are none the worse for it.
      if (!(error instanceof SaeMatchError) || error instanceof UsageError || entries.length === 1) throw error;
      output.warn(error.message);
      failed += 1;
    }
  }
  return failed === 0 ? 0 : failed === entries.length ? 1 : 3;
}

interface ConvertOne {
  readonly to: Conversion;
  readonly fold: boolean;
  readonly degenerate: 'exclude' | 'error';
  readonly scale: string | undefined;
  readonly out: string;
  /** Below `out`, empty or with a slash at its end. */
  readonly folder: string;
  readonly force: boolean;
}

async function convertOne(
  output: Output,
  source: SaeSource,
  entry: CatalogueEntry,
  { out, folder, force, scale, ...options }: ConvertOne
): Promise<readonly string[]> {
  const store = openStore(out);
  const stored = await withDownloadBar(output, entry, (transfer) => loadSae(source, entry, transfer));
  const { sae } = scale === undefined ? { sae: stored } : await giveScale(stored, scale, { source, entry });
  const files = convertSae(sae, { ...options, file: source.locate(entry.path) });
  const paths = files.map(({ name }) => `${folder}${name}`);
  for (const path of paths) {
    if (force || (await store.stat(path)) === null) continue;
    throw new UsageError('the file is there already', {
      ...{ file: `${out}/${path}`, field: '--out' },
      remedy: 'Choose another folder, or pass --force.',
    });
  }
  for (const [index, { chunks }] of files.entries()) await store.put(paths[index]!, chunks);
  return paths.map((path) => `${out}/${path}`);
}

function oneOf<T extends string>(field: string, found: string, known: readonly T[]): T {
  const value = known.find((candidate) => candidate === found);
  if (value !== undefined) return value;
  throw new UsageError('cannot be understood', { field, found, expected: known.join(' | ') });
}
