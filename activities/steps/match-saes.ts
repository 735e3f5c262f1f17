import { crc32c } from '../../artifacts/crc32c';
import { contentKey } from '../../artifacts/content-key';
import { PAIR_LAYOUT, pairCheckpoint } from '../../artifacts/layout';
import { MANIFEST_SCHEMA, writeManifest } from '../../artifacts/manifest';
import type { ManifestInput } from '../../artifacts/manifest';
import { openStore } from '../../artifacts/store/open-store';
import { encodePairs } from '../../artifacts/tables/pairs';
import type { PairRow } from '../../artifacts/tables/pairs';
import { InputError } from '../../matching/errors';
import { featuresOf } from '../../matching/features';
import { foldLayer } from '../../matching/folding';
import type { FoldedLayer } from '../../matching/folding';
import { MATCHING_VERSION, matchPair } from '../../matching/match-pair';
import type { MatchSide } from '../../matching/match-pair';
import { VERSION } from '../../matching/version';
import type { SaeHeader } from '../../sae/canonical';
import { hashInputs } from '../../sae/hash-inputs';
import { loadSae } from '../../sae/load-sae';
import { resolveSaeArgument } from '../../sae/sae-argument';
import type { TaskContext } from '../task-context';
import { checkHooks } from './check-hooks';
import { checkSpaces } from './check-spaces';
import { environmentFacts } from './environment-facts';
import { deleteCheckpoint } from './match-checkpoint';
import { reportRows } from './match-layers';
import { matchPorts, memoryLeft } from './match-resources';
import type { MatchResources } from './match-resources';
import { encodeMatchTables, matchRow } from './match-tables';
import { matchingOptions } from './matching-options';
import type { MatchingOptions } from './matching-options';

export interface MatchSaesInput extends MatchingOptions {
  /** SAE arguments: a folder, a file, or `<source>#<layer>`. */
  readonly source: string;
  readonly target: string;
  /** Folder the tables are written to. */
  readonly out: string;
  readonly format: string | null;
  readonly allowHookMismatch: boolean;
  readonly resources: MatchResources;
}

interface LoadedSae {
  readonly input: ManifestInput;
  readonly header: SaeHeader;
  readonly rows: FoldedLayer;
  readonly folded: FoldedLayer | null;
}

/** Matches two SAEs in this process and writes the pair's tables and manifest straight into a folder. */
export async function matchSaesTask(input: MatchSaesInput, context: TaskContext): Promise<PairRow> {
  const started = new Date();
  const source = await load(input.source, input, context);
  const target = await load(input.target, input, context);
  if (!input.allowHookMismatch) {
    checkHooks([source, target].map(({ input: { path }, header }) => ({ name: path, hook: header.hook })));
  }
  const side = ({ rows, folded }: LoadedSae): MatchSide => ({
    features: featuresOf(rows, input.weights, input),
    report: reportRows(rows, folded),
  });
  const [a, b] = [side(source), side(target)];
  checkSpaces({ name: input.source, features: a.features }, { name: input.target, features: b.features });
  const hashes = { source: hashesOf(source), target: hashesOf(target) };
  const options = matchingOptions(input);
  const store = openStore(input.out);
  const checkpoint = pairCheckpoint(contentKey('match', { version: MATCHING_VERSION, hashes, ...options }));
  const matching = await matchPair(
    a,
    b,
    { availableMemory: memoryLeft(input.resources), unmatched: input.unmatched ?? null },
    matchPorts(context, input.resources, store, checkpoint)
  );
  const pair = {
    sourceLayer: source.input.layer,
    targetLayer: target.input.layer,
    source: a.features,
    target: b.features,
    matching,
  };
  const seconds = (Date.now() - started.getTime()) / 1000;
  const row: PairRow = { ...matchRow(pair, seconds), composed_agreement: null, composed_extra_cost: null };
  const requested = { ...options, format: input.format };
  await writeFolder(input.out, started, [source.input, target.input], requested, row, {
    ...encodeMatchTables(pair, hashes, options),
    [PAIR_LAYOUT.pairs]: encodePairs([row], { inputs: hashes, options }),
  });
  await deleteCheckpoint(store, checkpoint);
  return row;
}

async function load(argument: string, options: MatchSaesInput, context: TaskContext): Promise<LoadedSae> {
  context.onProgress({ phase: 'reading', done: 0, total: 1, gap: null });
  const { source, entry } = await resolveSaeArgument(
    argument,
    options.format === null ? {} : { format: options.format }
  );
  const sae = await loadSae(source, entry);
  const files = await hashInputs(source, entry, { onProgress: context.throwIfCancelled });
  const file = argument;
  const rows = foldLayer(sae, { fold: options.fold, degenerate: options.degenerate, file });
  const folded = options.fold
    ? rows
    : foldIfPossible(() => foldLayer(sae, { fold: true, degenerate: 'exclude', file }));
  const { header } = sae;
  const input = {
    layer: header.layer,
    path: argument,
    files: [...files],
    header: { ...header, notes: [...header.notes] },
  };
  return { input, header, rows, folded };
}

/** The paper's metric is null for a layer that cannot be folded; the match itself does not need it. */
function foldIfPossible(fold: () => FoldedLayer): FoldedLayer | null {
  try {
    return fold();
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

const hashesOf = ({ input }: LoadedSae): string[] => input.files.map((file) => file.sha256);

async function writeFolder(
  out: string,
  started: Date,
  inputs: ManifestInput[],
  options: Readonly<Record<string, unknown>>,
  row: PairRow,
  tables: Readonly<Record<string, Uint8Array>>
): Promise<void> {
  const store = openStore(out);
  await store.delete(PAIR_LAYOUT.manifest);
  const artifacts = [];
  for (const [path, bytes] of Object.entries(tables).sort(([a], [b]) => (a < b ? -1 : 1))) {
    await store.put(path, bytes);
    artifacts.push({ path, bytes: bytes.length, crc32c: crc32c(bytes) });
  }
  const finished = new Date();
  await writeManifest(store, PAIR_LAYOUT.manifest, {
    schema: MANIFEST_SCHEMA,
    kind: 'pair',
    state: 'done',
    version: VERSION,
    options: { ...options },
    inputs,
    pairs: [{ source_layer: row.source_layer, target_layer: row.target_layer, status: 'done' }],
    failures: [],
    artifacts,
    timings: {
      started: started.toISOString(),
      finished: finished.toISOString(),
      seconds: (finished.getTime() - started.getTime()) / 1000,
    },
    environment: environmentFacts(),
  });
}
