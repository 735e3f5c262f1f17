import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openResults } from '../artifacts/results';
import type { MatchedResults } from '../exports/matched-pairs';
import { UsageError } from '../matching/errors';
import { absolute } from '../sae/sources/location';
import { resolveRunArgument } from './run-argument';

/**
 * Understands `<run|folder>`: the folder or URL of a run or pair, or the id of a run that is looked up in `--out`.
 *
 * @param verb what is to be done, for messages
 * @throws InputError when there are no results; UsageError when they are those of an evaluation or judgement
 */
export async function resolveResults(argument: string, out: string | undefined, verb: string): Promise<MatchedResults> {
  const direct = absolute(argument, process.cwd());
  const isFolder = existsSync(join(direct, 'manifest.json')) || /[\\/]/.test(argument);
  const reference = isFolder ? null : await resolveRunArgument(argument, out);
  const folder = reference === null ? direct : `${reference.out}/runs/${reference.runId}`;
  const { manifest, ...results } = await openResults(folder);
  if (manifest.kind === 'run' || manifest.kind === 'pair') return { ...results, manifest };
  throw new UsageError(`the ${manifest.kind} of a run is no matching: there is nothing to ${verb}`, {
    file: folder,
    expected: 'the folder of a run or pair',
    remedy: `Name its run: sae-match ${verb === 'prove' ? 'verify' : verb} ${manifest.run_id}`,
  });
}
