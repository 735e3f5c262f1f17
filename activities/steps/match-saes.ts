import { contentKey } from '../../artifacts/content-key';
import { PAIR_LAYOUT, pairCheckpoint } from '../../artifacts/layout';
import { openStore } from '../../artifacts/store/open-store';
import { encodePairs } from '../../artifacts/tables/pairs';
import type { PairRow } from '../../artifacts/tables/pairs';
import { MATCHING_VERSION } from '../../matching/match-pair';
import type { SaeHeader } from '../../sae/canonical';
import { hashInputs } from '../../sae/hash-inputs';
import { resolveSaeArgument } from '../../sae/sae-argument';
import { checkScalable } from '../../sae/scale/check-scalable';
import { readScale } from '../../sae/scale/give-scale';
import { isScaleWord, scaleOfLayer } from '../../sae/scale/scale-choice';
import type { SaeSelection } from '../../sae/select/selection';
import { READING } from '../task-context';
import type { TaskContext } from '../task-context';
import { checkHooks } from './check-hooks';
import { hashOptions } from './hash-options';
import { deleteCheckpoint } from './match-checkpoint';
import type { MatchResources } from './match-resources';
import { matchRows } from './match-rows';
import { encodeMatchTables, matchRow } from './match-tables';
import { matchingOptions } from './matching-options';
import type { MatchingOptions } from './matching-options';
import type { SideRef } from './rows-ref';
import type { ExpectedScale } from './scale-unchanged';
import { writePair } from './write-pair';

export interface MatchSaesInput extends MatchingOptions {
  /** SAE arguments: a folder, a file, or `<source>#<layer>`. */
  readonly source: string;
  readonly target: string;
  /** Folder the tables are written to. */
  readonly out: string;
  readonly format: string | null;
  /** Which SAE of several a layer is meant, on both sides. */
  readonly selection: SaeSelection;
  readonly allowHookMismatch: boolean;
  readonly resources: MatchResources;
}

/** Matches two SAEs in this process and writes the pair's tables and manifest straight into a folder. */
export async function matchSaesTask(input: MatchSaesInput, context: TaskContext): Promise<PairRow> {
  const started = new Date();
  context.onProgress(READING);
  const source = await identify(input.source, input, context);
  const target = await identify(input.target, input, context);
  if (!input.allowHookMismatch) checkHooks([source, target].map(({ name, header }) => ({ name, hook: header.hook })));
  const options = matchingOptions(input);
  const hashes = { source: hashesOf(source), target: hashesOf(target) };
  const store = openStore(input.out);
  // Where a file holds several SAEs, its hash does not say which are matched.
  const parts = { source: source.part, target: target.part };
  const checkpoint = pairCheckpoint(contentKey('match', { version: MATCHING_VERSION, hashes, parts, ...options }));
  const matched = await matchRows(
    {
      ...{ source: sideOf(source, input), target: sideOf(target, input), options, checkpoint },
      ...{ resources: input.resources, out: input.out, bytes: bytesOf(source.header) + bytesOf(target.header) },
    },
    context
  );
  const pair = {
    sourceLayer: source.header.layer,
    targetLayer: target.header.layer,
    sourceFeatures: source.header.features,
    targetFeatures: target.header.features,
    matching: matched.matching,
  };
  const seconds = (Date.now() - started.getTime()) / 1000;
  const row: PairRow = { ...matchRow(pair, seconds), composed_agreement: null, composed_extra_cost: null };
  const requested = { ...options, ...(input.scale !== undefined && { scale: input.scale }), format: input.format };
  await writePair(input.out, started, [matched.source!, matched.target!], requested, row, {
    ...encodeMatchTables(pair, hashes, options),
    [PAIR_LAYOUT.pairs]: encodePairs([row], { inputs: hashes, options }),
  });
  await deleteCheckpoint(store, checkpoint);
  return row;
}

/** One SAE by its headers and the content of its files. */
interface IdentifiedSae {
  readonly name: string;
  readonly header: SaeHeader;
  /** Which SAE of its files it is, where they hold several. */
  readonly part: string | null;
  readonly sha256: readonly string[];
  /** The scale that is folded in; absent: its own. */
  readonly scale?: ExpectedScale;
}

async function identify(
  named: string,
  { format, selection, scale: choice }: MatchSaesInput,
  context: TaskContext
): Promise<IdentifiedSae> {
  const options = { ...selection, ...(format !== null && { format }) };
  const { source, entry, argument: name } = await resolveSaeArgument(named, options);
  const header = entry.header!;
  if (choice !== undefined) checkScalable(header, choice, name);
  const files = await hashInputs(source, entry, hashOptions(entry, context));
  const identified = { name, header, part: entry.part, sha256: files.map((file) => file.sha256) };
  if (choice === undefined) return identified;
  if (isScaleWord(choice)) return { ...identified, scale: { choice, files: [] } };
  // Read once: large pairs read their rows several times.
  const read = await readScale(header, choice, { source, entry }, context.throwIfCancelled);
  return { ...identified, scale: { choice: scaleOfLayer(choice, header.layer), files: read.files, read } };
}

/** SHA-256 of all files that decide what is matched: those of the SAE, then those of its scale. */
function hashesOf({ sha256, scale }: IdentifiedSae): readonly string[] {
  return [...sha256, ...(scale?.files ?? []).map((file) => file.sha256)];
}

function sideOf({ name, sha256, scale }: IdentifiedSae, { format, fold, degenerate }: MatchSaesInput): SideRef {
  const sae = { kind: 'sae', argument: name, format, sha256, ...(scale !== undefined && { scale }) } as const;
  const rows = { ...sae, fold, degenerate };
  return { name, rows, folded: fold ? rows : { ...sae, fold: true, degenerate: 'exclude' } };
}

const bytesOf = ({ features, dIn, dOut }: SaeHeader): number => features * (dIn + dOut) * 4;
