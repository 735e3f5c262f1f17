import { InputError } from '../../matching/errors';
import type { HiddenStates } from '../../matching/evaluation/activations/hidden-error';
import { hashInputs } from '../../sae/hash-inputs';
import { findHiddenStates, openHiddenStates } from '../../sae/hidden-states/find-hidden-states';
import { streamHiddenStates } from '../../sae/hidden-states/stream-hidden-states';
import { oneDocument, readTokenDocuments } from '../../sae/hidden-states/token-documents';
import type { TokenDocuments } from '../../sae/hidden-states/token-documents';
import { openSource } from '../../sae/sources/open-source';
import type { SaeSource, SourceFile } from '../../sae/sources/source';
import type { PlannedFile, StatesPlan } from '../../workflows/run-types';
import { hashOptions } from '../steps/hash-options';
import type { TaskContext } from '../task-context';

/** Tokens that are in memory at once. */
export const BLOCK_TOKENS = 2048;

/** Hidden states that were planned, opened to be read. */
export interface OpenStates {
  readonly documents: TokenDocuments;
  /** Those of a layer in blocks of {@link BLOCK_TOKENS}, the last one shorter. */
  stream(layer: number): AsyncGenerator<HiddenStates>;
}

/**
 * Opens the hidden states of some layers.
 *
 * @throws InputError when a file is gone, or another than it was when the evaluation was planned
 */
export async function openStates(
  plan: StatesPlan,
  layers: readonly number[],
  context: TaskContext
): Promise<OpenStates> {
  const source = await openSource(plan.location);
  const found = await findHiddenStates(source);
  const files = new Map<number, SourceFile>();
  for (const { layer, file } of plan.layers.filter((one) => layers.includes(one.layer))) {
    const now = found.layers.get(layer);
    await checkUnchanged(source, now, file, context);
    files.set(layer, now!);
  }
  if (plan.tokensFile !== null) await checkUnchanged(source, found.tokens ?? undefined, plan.tokensFile, context);
  const { tokensFile, tokens } = plan;
  const documents =
    tokensFile === null ? oneDocument(tokens) : await readTokenDocuments(source, tokensFile.path, tokens);
  return {
    documents,
    async *stream(layer) {
      yield* streamHiddenStates(await openHiddenStates(source, files.get(layer)!), BLOCK_TOKENS);
    },
  };
}

async function checkUnchanged(
  source: SaeSource,
  now: SourceFile | undefined,
  before: PlannedFile,
  context: TaskContext
): Promise<void> {
  const files = now === undefined ? [] : [now];
  const [hashed] = await hashInputs(source, { files }, hashOptions({ files }, context));
  if (hashed?.path === before.path && hashed.sha256 === before.sha256) return;
  throw new InputError('the hidden states changed since the evaluation was planned', {
    file: source.locate(before.path),
    found: hashed === undefined ? 'no such file' : `${hashed.path}, SHA-256 ${hashed.sha256.slice(0, 12)}…`,
    expected: `${before.path}, SHA-256 ${before.sha256.slice(0, 12)}…`,
    remedy: 'Evaluate again when nothing writes to them any more.',
  });
}
