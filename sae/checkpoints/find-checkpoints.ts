import { posix } from 'node:path';
import { InputError } from '../../matching/errors';
import { openSource } from '../sources/open-source';
import { isHubPage } from '../sources/remote/hub-location';
import type { Checkpoint } from './checkpoint';
import { checkpointsInRevisions } from './in-revisions';
import { checkpointsInTree } from './in-tree';

/** What a place holds of a training now. */
export interface CheckpointListing {
  /** In order of step. */
  readonly checkpoints: readonly Checkpoint[];
  /**
   * The marker that says that a checkpoint is complete, where it is missing; null when there is one wherever one belongs.
   *
   * @param marker name of a file, in which `{step}` and `{checkpoint}` stand for those of the checkpoint
   */
  readonly missingMarker: (checkpoint: Checkpoint, marker: string) => string | null;
}

/**
 * Lists the checkpoints of a training in a folder, in a bucket, or in a repository of the Hub. Of the Hub they are
 * revisions where there are such (see `checkpointsInRevisions`); everything else is told by paths (see
 * `checkpointsInTree`). The place is listed once, and nothing of it is read.
 *
 * @throws InputError when the location does not exist, cannot be read, or is one that cannot be listed
 * @throws UnavailableError when the place does not answer
 */
export async function findCheckpoints(location: string): Promise<CheckpointListing> {
  const isHub = /^hf:/i.test(location) || isHubPage(location);
  const revisions = isHub ? await checkpointsInRevisions(location) : null;
  if (revisions !== null) return { checkpoints: revisions, missingMarker: () => null };
  if (/^https?:/i.test(location) && !isHub) throw notListed(location, 'a web server, which does not say what it holds');
  const source = await openSource(location);
  if (source.namedFile !== null) throw notListed(location, 'one file');
  const files = await source.list();
  const paths = new Set(files.map(({ path }) => path));
  return {
    checkpoints: checkpointsInTree({ location: source.pinned, files, isAtomic: isHub }),
    missingMarker: ({ name, step, markerFolders }, marker) => {
      const file = marker.replaceAll('{step}', String(step)).replaceAll('{checkpoint}', name);
      return markerFolders.map((folder) => posix.join(folder, file)).find((path) => !paths.has(path)) ?? null;
    },
  };
}

function notListed(location: string, found: string): InputError {
  return new InputError('checkpoints cannot be found in such a place', {
    ...{ file: location, found, expected: 'a folder, gs://<bucket>/<prefix>, or hf://org/name' },
    remedy: 'Name the folder that the training saves its checkpoints in.',
  });
}
