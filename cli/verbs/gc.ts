import { findGarbage } from '../../activities/garbage/find-garbage';
import type { Garbage } from '../../activities/garbage/find-garbage';
import { readRoots } from '../../activities/garbage/roots';
import { removeGarbage } from '../../activities/garbage/remove-garbage';
import { discardRun } from '../../activities/steps/publish-run';
import { checkWritable } from '../../artifacts/store/check-writable';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { openStore } from '../../artifacts/store/open-store';
import { CancelledError } from '../../matching/errors';
import { EXIT } from '../exit-codes';
import { formatBytes, formatTable } from '../format-table';
import { createInterrupt } from '../interrupt';
import type { Output } from '../output';
import { createProgressBar } from '../progress-bar';
import { absolute } from '../../sae/sources/location';
import { parseDuration } from '../spec/parse-duration';
import { DEFAULT_OUT } from '../spec/resolve-spec';
import type { AddVerb } from '../verb';

interface GcFlags {
  readonly out?: string;
  readonly dryRun?: boolean;
  readonly olderThan: string;
  readonly abandon?: readonly string[];
  readonly json?: boolean;
}

/** What `gc` did, or would do; field names as in its JSON. */
interface GcReport {
  readonly out: string;
  readonly dry_run: boolean;
  readonly removed: readonly Garbage[];
  readonly bytes: number;
  readonly kept: { readonly used: number; readonly young: number };
  /** Unfinished runs, what they may need being kept. */
  readonly live: readonly string[];
  readonly abandoned: readonly string[];
}

const WORDS: Readonly<Record<Garbage['kind'], string>> = {
  folded: 'folded layers',
  matches: 'matched pairs',
  chains: 'chains',
  evaluations: 'evaluated pairs',
  layers: 'measured layers',
  estimates: 'pairs compared by activations',
  cycles: 'cycles of matches',
  descriptions: 'described layers',
  meanings: 'pairs compared by descriptions',
  answers: 'answers of judges',
  unfinished: 'states of unfinished matches',
  probe: 'traces of checks',
};

export const addGc: AddVerb = (program, action) =>
  program
    .command('gc')
    .summary('remove folded layers and matched pairs that no run needs any more')
    .description(
      'Removes from <out>/artifacts what neither the manifest of a run nor an unfinished run refers to. The results of\n' +
        'runs are not touched; remove those by deleting <out>/runs/<run>. What is younger than --older-than stays, and\n' +
        'nothing is removed while any manifest cannot be read.'
    )
    .option('--out <folder>', 'output folder to tidy up (default: ./sae-match-out)')
    .option('--dry-run', 'say what would go, and remove nothing')
    .option('--older-than <time>', 'keep what is younger, such as 90m, 24h or 7d', '24h')
    .option('--abandon <run...>', 'unfinished runs that will not go on: what only they need goes as well')
    .option('--json', 'print every artifact as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  sae-match gc --dry-run\n  sae-match gc --out results/ --older-than 7d\n' +
        '  sae-match gc --abandon 3f9a0c1b2d4e --dry-run --json'
    )
    .action(action((output, flags: GcFlags) => gcVerb(output, flags)));

async function gcVerb(output: Output, flags: GcFlags): Promise<number> {
  const store = openStore(absolute(flags.out ?? DEFAULT_OUT, process.cwd()));
  const before = new Date(Date.now() - parseDuration(flags.olderThan, '--older-than') * 1000);
  const abandoned = new Set(flags.abandon ?? []);
  // Listed before the runs are looked at: what a run adds in between is not among it.
  const objects = await store.list('artifacts/');
  const roots = await readRoots(store, abandoned);
  const { garbage, used, young } = await findGarbage(store, objects, roots, before);
  const dryRun = flags.dryRun === true;
  const removed = dryRun ? garbage : await removeAll(output, store, garbage, { abandoned, before });
  const report: GcReport = {
    out: store.url(''),
    dry_run: dryRun,
    removed,
    bytes: removed.reduce((sum, { bytes }) => sum + bytes, 0),
    kept: { used: used + garbage.length - removed.length, young },
    live: roots.liveRuns,
    abandoned: [...abandoned],
  };
  if (flags.json === true) output.json(report);
  else printReport(output, report, flags);
  return EXIT.done;
}

async function removeAll(
  output: Output,
  store: ObjectStore,
  garbage: readonly Garbage[],
  options: { readonly abandoned: ReadonlySet<string>; readonly before: Date }
): Promise<Garbage[]> {
  if (garbage.length === 0 && options.abandoned.size === 0) return [];
  // A first write also removes what unfinished writes have left behind.
  await checkWritable(store);
  const bar = createProgressBar(output.interactive);
  const interrupt = createInterrupt();
  try {
    const removed = await removeGarbage(store, garbage, {
      ...options,
      onProgress: (done, total) => {
        bar.draw({ label: 'removing', fraction: done / total, detail: `${done} of ${total} artifacts` });
      },
      throwIfCancelled: () => {
        if (interrupt.interrupted) throw new CancelledError('the removal');
      },
    });
    // Last: until then the same command goes on where this one was stopped.
    for (const runId of options.abandoned) await discardRun(store, { runId });
    return removed;
  } finally {
    bar.clear();
    interrupt.dispose();
  }
}

function printReport(output: Output, report: GcReport, flags: GcFlags): void {
  const kinds = (Object.keys(WORDS) as Garbage['kind'][]).map((kind) => {
    const parts = report.removed.filter((part) => part.kind === kind);
    return { kind, count: parts.length, bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0) };
  });
  const rows = kinds
    .filter(({ count }) => count > 0)
    .map(({ kind, count, bytes }) => [WORDS[kind], String(count), formatBytes(bytes)]);
  const title = report.dry_run ? 'would be removed' : 'removed';
  if (rows.length === 0) output.print(`nothing ${report.dry_run ? 'would be' : 'was'} removed in ${report.out}`);
  else for (const line of formatTable([title, 'count', 'size'], rows, [1, 2])) output.print(line);
  const { used, young } = report.kept;
  output.print(`kept: ${used} artifacts that runs refer to, ${young} younger than ${flags.olderThan}`);
  for (const run of report.live) output.note(`unfinished, all it may need is kept: run ${run} (see --abandon)`);
  if (report.dry_run && rows.length > 0) output.note('give the same command without --dry-run to remove them');
}
