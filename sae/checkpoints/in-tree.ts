import { posix } from 'node:path';
import { layerOfPath } from '../layer-name';
import type { SourceFile } from '../sources/source';
import { stepOfFile, stepOfName } from '../step-name';
import { byStep } from './checkpoint';
import type { Checkpoint } from './checkpoint';
import { fingerprintOf } from './fingerprint';
import { isUnfinished } from './unfinished-name';

/** A place whose files were listed. */
export interface Tree {
  /** Its location, at the commit where there is such a thing. */
  readonly location: string;
  readonly files: readonly SourceFile[];
  /** Whether everything in it appears at once and never changes. */
  readonly isAtomic: boolean;
}

/**
 * The checkpoints among the files of a place, in order of step. There are two kinds, and a place may hold both:
 *
 * - A folder straight in it whose name carries a step (see `stepOfName`) is one checkpoint, with all that lies below.
 * - Files of a single step anywhere else (see `stepOfFile`), such as `layer_3/trainer_0/checkpoints/ae_1000.pt`: those of one
 *   step are one checkpoint of the whole place, called by the name of its first file. Files without a step beside
 *   them, such as `ae.pt`, belong to no checkpoint.
 *
 * Two folders of one step, such as `1000` and `final_1000`, are two checkpoints. Folders and files with temporary names
 * are none, and add nothing to one (see `isUnfinished`).
 */
export function checkpointsInTree({ location, files, isAtomic }: Tree): readonly Checkpoint[] {
  const folders = new Map<string, SourceFile[]>();
  const steps = new Map<number, SourceFile[]>();
  for (const file of files) {
    const [folder] = file.path.split('/', 1) as [string];
    const isInFolder = file.path !== folder && stepOfName(folder) !== null;
    // The temporary name of a file is its own name with more behind it.
    const step = stepOfFile(file.path) ?? stepOfFile(file.path.replace(/(?<=\.pt)[.~_-].*$/, ''));
    if (isInFolder) append(folders, folder, file);
    else if (step !== null) append(steps, step, file);
  }
  const describe = (own: readonly SourceFile[]): Omit<Checkpoint, 'name' | 'step' | 'source' | 'markerFolders'> => ({
    files: own.length,
    bytes: own.reduce((sum, { bytes }) => sum + bytes, 0),
    layers: layersOf(own),
    fingerprint: fingerprintOf(own),
    ...{ unfinished: '', isAtomic },
  });
  const checkpoints: Checkpoint[] = [];
  for (const [name, all] of folders) {
    const { own, unfinished } = parted(all);
    if (own.length === 0 || isUnfinished(name)) continue;
    const source = `${location.replace(/\/$/, '')}/${name}`;
    checkpoints.push({ ...describe(own), unfinished, name, step: stepOfName(name)!, source, markerFolders: [name] });
  }
  for (const [step, all] of steps) {
    const { own, unfinished } = parted(all);
    if (own.length === 0) continue;
    const markerFolders = [...new Set(own.map(({ path }) => posix.dirname(path)))];
    const name = own.map(({ path }) => posix.basename(path, '.pt')).sort()[0]!;
    checkpoints.push({
      ...describe(own),
      unfinished,
      name,
      step,
      source: location,
      selectionStep: step,
      markerFolders,
    });
  }
  return checkpoints.sort(byStep);
}

/** Files that belong to a checkpoint, and the hash of those that may one day. */
function parted(files: readonly SourceFile[]): { own: readonly SourceFile[]; unfinished: string } {
  const unfinished = files.filter(({ path }) => isUnfinished(path));
  return {
    own: files.filter(({ path }) => !isUnfinished(path)),
    unfinished: unfinished.length === 0 ? '' : fingerprintOf(unfinished),
  };
}

function layersOf(files: readonly SourceFile[]): readonly number[] {
  const layers = files.flatMap(({ path }) => layerOfPath(path) ?? []);
  return [...new Set(layers)].sort((a, b) => a - b);
}

function append<K>(map: Map<K, SourceFile[]>, key: K, file: SourceFile): void {
  const files = map.get(key);
  if (files === undefined) map.set(key, [file]);
  else files.push(file);
}
