import { Hub } from '../sources/remote/hub-client';
import type { HubRevision } from '../sources/remote/hub-client';
import { parseHubLocation } from '../sources/remote/hub-location';
import { PATIENCE } from '../../transport/patience';
import type { Patience } from '../../transport/patience';
import { stepOfName } from '../step-name';
import { byStep } from './checkpoint';
import type { Checkpoint } from './checkpoint';

/**
 * The checkpoints that are revisions of a repository of the Hub, in order of step, each at its commit:
 *
 * - of a location that names a revision (`hf://org/name@branch`) every commit that led to it; the step of the oldest is 1,
 *   of the next 2, and so on;
 * - of one that names none its branches and tags whose names carry a step, such as `step1000`. Of a branch and a tag of the
 *   same name the tag counts.
 *
 * @returns null when the location names no revision, and no branch or tag carries a step
 * @throws InputError when there is no such repository or revision, or it may not be read
 * @throws UnavailableError when the Hub does not answer
 */
export async function checkpointsInRevisions(
  location: string,
  env: NodeJS.ProcessEnv = process.env,
  patience: Patience = PATIENCE
): Promise<readonly Checkpoint[] | null> {
  const place = parseHubLocation(location);
  const hub = new Hub(location, env, patience);
  const at = ({ name, commit }: HubRevision, step: number): Checkpoint => ({
    ...{ name, step, fingerprint: commit.padEnd(64, '0') },
    source: `hf://${place.repository}@${commit}${place.path === '' ? '' : `/${place.path}`}`,
    ...{ files: null, bytes: null, layers: [], unfinished: '', isAtomic: true, markerFolders: [] },
  });
  if (place.revision !== null) {
    const commits = await hub.commits(place);
    return commits.map((commit, index) => at({ name: commit.slice(0, 12), commit }, index + 1));
  }
  const found = (await hub.revisions(place)).flatMap((revision) => {
    const step = stepOfName(revision.name);
    return step === null ? [] : [at(revision, step)];
  });
  return found.length === 0 ? null : found.sort(byStep);
}
