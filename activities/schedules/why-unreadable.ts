import { InputError, UsageError } from '../../matching/errors';
import type { RunSpec } from '../../workflows/run-types';
import { planRun } from '../steps/resolve-run';

/**
 * Why the SAEs of a checkpoint cannot all be read, as far as their headers tell; null when they can. A file that breaks off
 * shows there: each container states its length at its beginning or its end.
 *
 * @param spec of its run
 * @throws UnavailableError when its place does not answer
 */
export async function whyUnreadable(spec: RunSpec): Promise<string | null> {
  // Whether there is anything to compare it with is another question.
  const previous = spec.previous ?? { source: spec.source, kept: 1, unmatched: 0 };
  try {
    const { layers } = await planRun({ ...spec, previous });
    return layers.find(({ failure }) => failure !== null)?.failure?.message ?? null;
  } catch (error) {
    if (error instanceof InputError || error instanceof UsageError) return error.message;
    throw error;
  }
}
