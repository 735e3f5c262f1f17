import type { CanonicalSae, SaeHeader } from '../sae/canonical';

/** A file that weights were read from, fixed by its content. */
export interface SaeFile {
  /** Path relative to the place that was named. */
  readonly path: string;
  readonly bytes: number;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
  /** Version of the file where it lies, where the place tells versions apart. */
  readonly version?: string;
}

/** Which SAE it is, and where it comes from. */
export interface SaeOrigin {
  /** How it is named: an absolute path, a URL, `<source>#<layer>`, or the name that {@link createSae} was given. */
  readonly name: string;
  /** The files it was read from; none for an SAE that was made from arrays. */
  readonly files: readonly SaeFile[];
  /** The scale that it was given, and the files of that; null: its own. */
  readonly scaledBy: { readonly choice: string; readonly files: readonly SaeFile[] } | null;
  /** What the headers of its files say. */
  readonly header: SaeHeader;
}

/**
 * One SAE in memory, feature-major and in raw activation units, whatever its format. It is not changed by what is done
 * with it.
 */
export interface Sae extends SaeOrigin, CanonicalSae {}
