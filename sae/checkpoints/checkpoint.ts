/** One state of a training that its SAEs were saved in, as a listing shows it. */
export interface Checkpoint {
  /** What it is called where it lies: its folder, the name of its files without the ending, a revision, or a commit. */
  readonly name: string;
  readonly step: number;
  /** Where its SAEs are, at the commit where there is such a thing. */
  readonly source: string;
  /** Of several steps in that place this one; absent where the place holds no other. */
  readonly selectionStep?: number;
  /** Number of files; null for a revision, whose files are not listed. */
  readonly files: number | null;
  readonly bytes: number | null;
  /** Layers that paths name, ascending; empty where none does. */
  readonly layers: readonly number[];
  /** 64 hex digits: changes with the path, length, and version or time of change of every file. */
  readonly fingerprint: string;
  /** The same of files that bear a temporary name, which are none of its own yet; empty where there are none. */
  readonly unfinished: string;
  /** Whether it appeared all at once and never changes, as commits do. */
  readonly isAtomic: boolean;
  /** Folders, relative to the place that was listed, that a marker of it lies in; empty where it can have none. */
  readonly markerFolders: readonly string[];
}

/** Orders checkpoints by step, and those of one step by name. */
export function byStep(a: Pick<Checkpoint, 'step' | 'name'>, b: Pick<Checkpoint, 'step' | 'name'>): number {
  if (a.step !== b.step) return a.step - b.step;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
