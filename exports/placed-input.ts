import { loadInput } from '../activities/steps/load-input';
import { scaleUnchanged } from '../activities/steps/scale-unchanged';
import type { ExpectedScale } from '../activities/steps/scale-unchanged';
import type { TaskContext } from '../activities/task-context';
import type { ManifestInput } from '../artifacts/manifest';
import { InputError, SaeMatchError } from '../matching/errors';
import type { CanonicalSae } from '../sae/canonical';
import { resolveSaeArgument } from '../sae/sae-argument';

/** Where an SAE that was matched lies now. */
export interface PlacedInput {
  readonly argument: string;
  readonly format: string | null;
  /** The scale that was folded in; absent: its own. */
  readonly scale?: ExpectedScale;
}

const MOVED =
  'Name the original SAEs with --source (and --target for a pair), or do without them: --to npy, --to json --no-baseline.';

export interface LoadedInput {
  /** As its files have it. */
  readonly stored: CanonicalSae;
  /** With the scale that was folded in. */
  readonly sae: CanonicalSae;
}

/**
 * Reads an SAE that was matched.
 *
 * @throws InputError when it is not there, or not the one that was matched; UnavailableError when its source does not answer
 */
export async function loadPlacedInput(
  input: ManifestInput,
  { argument, format, scale }: PlacedInput,
  context: TaskContext
): Promise<LoadedInput> {
  const { source, entry } = await resolveSaeArgument(argument, format === null ? {} : { format }).catch(
    (cause: unknown) => {
      if (!(cause instanceof SaeMatchError) || cause.retryable) throw cause;
      throw new InputError(cause.message, { remedy: MOVED, cause });
    }
  );
  const expected = input.files.map(({ sha256 }) => ({ sha256 }));
  const { sae: stored } = await loadInput(source, entry, expected, context);
  const { sae } = await scaleUnchanged(stored, scale, { source, entry }, context);
  return { stored, sae };
}
