import type { InputError } from '../matching/errors';
import type { SaeHeader } from './canonical';
import type { SourceFile } from './sources/source';

/** Where one SAE lies in its source. */
export interface SaeLocation {
  /** The SAE's folder, or its file where a folder may hold several; `.` is the source's root. */
  readonly path: string;
  /** Which SAE inside files that hold several; null where they hold one. */
  readonly part: string | null;
  /** Null when neither the files nor their paths tell. */
  readonly layer: number | null;
  /** Step of the training at which it was saved; absent for the SAE that the training gave in the end. */
  readonly step?: number;
  /** All files that determine the weights, sorted by path. */
  readonly files: readonly SourceFile[];
}

/** One SAE of a source as its headers show it. */
export interface CatalogueEntry extends SaeLocation {
  /** Name of the reader; null when the file is too damaged to tell. */
  readonly format: string | null;
  /** Null when `error` is set. */
  readonly header: SaeHeader | null;
  /** Why this SAE cannot be used, null when its headers are sound. */
  readonly error: InputError | null;
}

/** Bytes of all files that determine the weights. */
export function bytesOf({ files }: Pick<SaeLocation, 'files'>): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
