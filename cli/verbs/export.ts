import { silentContext } from '../../activities/task-context';
import type { TaskContext } from '../../activities/task-context';
import type { ManifestInput, PairManifest, RunManifest } from '../../artifacts/manifest';
import { planChains } from '../../exports/chains-export';
import type { PlannedExport } from '../../exports/export-files';
import { planJson } from '../../exports/json-export';
import { choosePairs } from '../../exports/matched-pairs';
import type { ChosenPairs, MatchedResults } from '../../exports/matched-pairs';
import { planNpy } from '../../exports/npy-export';
import { loadPlacedInput } from '../../exports/placed-input';
import type { LoadedInput, PlacedInput } from '../../exports/placed-input';
import { planSplice } from '../../exports/splice';
import { writeExport } from '../../exports/write-export';
import { CancelledError, UsageError } from '../../matching/errors';
import { parseLayers } from '../../sae/select/layers';
import { absolute } from '../../sae/sources/location';
import type { RunSpec } from '../../workflows/run-types';
import { EXIT } from '../exit-codes';
import { formatBytes } from '../format-table';
import { createInterrupt } from '../interrupt';
import { placeOfInput, placeOfScale } from '../moved-inputs';
import type { Output } from '../output';
import { createProgressBar } from '../progress-bar';
import { resolveResults } from '../results-argument';
import type { AddVerb } from '../verb';

const FORMATS = ['json', 'npy', 'graphml', 'groups', 'splice'] as const;
type Format = (typeof FORMATS)[number];

interface ExportFlags {
  readonly to: string;
  readonly output: string;
  readonly layers?: string;
  readonly withWeights?: boolean;
  /** False with --no-baseline. */
  readonly baseline: boolean;
  readonly source?: string;
  readonly target?: string;
  readonly scale?: string;
  readonly force?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

export const addExport: AddVerb = (program, action) =>
  program
    .command('export')
    .summary('write matchings and chains in forms that other programs read')
    .description(
      'json: all matchings with cosines and a random baseline, one file. npy: an int64 array a pair, in a folder.\n' +
        'graphml: the chains as a graph, one file. groups: the chains as groups of nodes, one JSON file. splice: permutations and\n' +
        'factors that carry activations from layer to layer inside the model, in a folder (see examples/splice.py).'
    )
    .argument('<run|folder>', 'id or folder of a run, or the folder of a pair')
    .requiredOption('--to <format>', FORMATS.join(', '))
    .requiredOption('--output <path>', 'the file or folder to write')
    .option('--layers <list>', 'only pairs and chains of these layers, such as 3-6 or 3,4,5 (default: all)')
    .option('--with-weights', 'splice: write the SAEs too, as convert --to canonical does')
    .option('--no-baseline', 'json: leave out the random baseline, for which the SAEs are read')
    .option('--source <source|sae>', 'where the SAEs of a run (or the source SAE of a pair) are now')
    .option('--target <sae>', 'where the target SAE of a pair is now')
    .option('--scale <path>', 'where the features export of --scale is now, {layer} for the layer')
    .option('--force', 'replace files that are there')
    .option('--out <folder>', 'output folder in which an id is looked up (default: ./sae-match-out)')
    .option('--json', 'print what was written as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  sae-match export 3f9a0c1b2d4e --to json --output matchings.json\n' +
        '  sae-match export pair-3-4 --to npy --output pair-3-4-npy\n' +
        '  sae-match export 3f9a0c1b2d4e --to graphml --layers 3-6 --output chains.graphml\n' +
        '  sae-match export 3f9a0c1b2d4e --to splice --layers 3,4,5 --with-weights --output splice'
    )
    .action(action((output, argument: string, flags: ExportFlags) => exportVerb(output, argument, flags)));

async function exportVerb(output: Output, argument: string, flags: ExportFlags): Promise<number> {
  const format = parseFormat(flags);
  const place = localPath(flags.output);
  const results = await resolveResults(argument, flags.out, 'export');
  const layers = parseWanted(flags, results.manifest);
  const chosen = choosePairs(results, layers);
  for (const { source_layer, target_layer, error } of chosen.failed)
    output.warn(`left out: layers ${source_layer ?? '?'} to ${target_layer ?? '?'} were not matched: ${error}`);
  const interrupt = createInterrupt();
  const bar = createProgressBar(output.interactive);
  try {
    const reader = new InputReader(results.manifest, flags, bar, interrupt.signal);
    const planned = await planExport(format, results, chosen, { layers, flags, reader });
    const files = await writeExport(place, planned, { force: flags.force ?? false, signal: interrupt.signal });
    bar.clear();
    const { kind } = results.manifest;
    const written = {
      ...{ format, schema: planned.schema, kind, run_id: kind === 'run' ? results.manifest.run_id : null },
      ...{ pairs: chosen.pairs.length, failed: chosen.failed.length, files },
    };
    if (flags.json === true) output.json(written);
    else for (const { path, bytes } of files) output.print(`${path}  ${formatBytes(bytes)}`);
    return EXIT.done;
  } finally {
    bar.clear();
    interrupt.dispose();
  }
}

interface PlanOptions {
  readonly layers: readonly number[] | null;
  readonly flags: ExportFlags;
  readonly reader: InputReader;
}

async function planExport(
  format: Format,
  results: MatchedResults,
  chosen: ChosenPairs,
  { layers, flags, reader }: PlanOptions
): Promise<PlannedExport> {
  const load = (input: ManifestInput): Promise<LoadedInput> => reader.load(input);
  const onPair = (done: number): void => {
    reader.onPair(done, chosen.pairs.length);
  };
  switch (format) {
    case 'json':
      return planJson(results, chosen, { load: flags.baseline ? load : null, onPair });
    case 'npy':
      return planNpy(results, chosen, onPair);
    case 'graphml':
    case 'groups':
      return planChains(results, chosen, format, layers);
    case 'splice':
      return planSplice(results, chosen, { load, withWeights: flags.withWeights ?? false });
  }
}

/** Reads the SAEs that were matched, from where they are now. */
class InputReader {
  private readonly context: TaskContext;

  constructor(
    private readonly manifest: RunManifest | PairManifest,
    private readonly flags: ExportFlags,
    private readonly bar: ReturnType<typeof createProgressBar>,
    signal: AbortSignal
  ) {
    const throwIfCancelled = (): void => {
      if (signal.aborted) throw new CancelledError('the export');
    };
    this.context = {
      ...silentContext,
      throwIfCancelled,
      onProgress: ({ phase, done, total }) => {
        bar.draw({ label: phase, fraction: done / Math.max(1, total), detail: '' });
      },
    };
  }

  onPair(done: number, total: number): void {
    this.context.throwIfCancelled();
    this.bar.draw({ label: 'exporting', fraction: done / total, detail: `pair ${done + 1} of ${total}` });
  }

  async load(input: ManifestInput): Promise<LoadedInput> {
    this.context.throwIfCancelled();
    this.bar.draw({ label: 'reading', fraction: null, detail: input.path });
    return loadPlacedInput(input, this.placeOf(input), this.context);
  }

  private placeOf(input: ManifestInput): PlacedInput {
    const { manifest, flags } = this;
    const stated = (manifest.kind === 'run' ? manifest.spec : manifest.options) as RunSpec;
    const scale = placeOfScale(input, stated.scale, flags.scale);
    return { argument: this.argumentOf(input), format: stated.format, ...(scale !== undefined && { scale }) };
  }

  private argumentOf(input: ManifestInput): string {
    const { manifest, flags } = this;
    if (manifest.kind === 'pair') return (input === manifest.inputs[0] ? flags.source : flags.target) ?? input.path;
    const moved = flags.source === undefined ? null : absolute(flags.source, process.cwd());
    return placeOfInput(input, `${moved ?? input.path}#${input.layer!}`, moved);
  }
}

/** Checks the flags of the format too. @throws UsageError */
function parseFormat(flags: ExportFlags): Format {
  const format = FORMATS.find((candidate) => candidate === flags.to);
  if (format === undefined)
    throw new UsageError('cannot be understood', { field: '--to', found: flags.to, expected: FORMATS.join(' | ') });
  const readsSaes = format === 'splice' || (format === 'json' && flags.baseline);
  const given = [
    {
      field: '--with-weights',
      isGiven: flags.withWeights === true,
      fits: format === 'splice',
      expected: '--to splice',
    },
    { field: '--no-baseline', isGiven: !flags.baseline, fits: format === 'json', expected: '--to json' },
    ...(['source', 'target', 'scale'] as const).map((name) => ({
      ...{ field: `--${name}`, isGiven: flags[name] !== undefined, fits: readsSaes },
      expected: '--to splice, or --to json with a baseline: the others read no SAEs',
    })),
  ];
  const wrong = given.find(({ isGiven, fits }) => isGiven && !fits);
  if (wrong !== undefined)
    throw new UsageError('means nothing for this export', { field: wrong.field, expected: wrong.expected });
  return format;
}

function localPath(output: string): string {
  const path = absolute(output, process.cwd());
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(path)) return path;
  throw new UsageError('exports are written to this machine', {
    ...{ field: '--output', found: output, expected: 'a local path' },
    remedy: 'Write it here, then copy it.',
  });
}

function parseWanted({ layers, target }: ExportFlags, manifest: RunManifest | PairManifest): readonly number[] | null {
  if (manifest.kind === 'pair') {
    if (layers === undefined) return null;
    throw new UsageError('a pair has no layers to choose from', { field: '--layers', found: layers });
  }
  if (target !== undefined) {
    const remedy = 'Use --source for all layers of a run.';
    throw new UsageError('a run has one source', { field: '--target', found: target, remedy });
  }
  return layers === undefined ? null : parseLayers(layers);
}
