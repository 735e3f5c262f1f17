/** A file of an export, relative to where it is written. */
export interface ExportFile {
  /** Empty for an export of one file. */
  readonly name: string;
  /** Its content in order. */
  readonly chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** An export that is made while it is written, so that no more of it is in memory than a layer or a pair. */
export interface PlannedExport {
  /** Version of what is written. */
  readonly schema: string;
  /** Names of all files. */
  readonly names: readonly string[];
  /** The files; the one that tells of the others comes last. */
  readonly files: Iterable<ExportFile> | AsyncIterable<ExportFile>;
}

/** About so many characters are handed on at once. */
const CHUNK_CHARACTERS = 1 << 20;

/** Text in UTF-8, the pieces of which are gathered to larger ones. */
export async function* encodeText(pieces: Iterable<string> | AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  let text = '';
  for await (const piece of pieces) {
    text += piece;
    if (text.length < CHUNK_CHARACTERS) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}
