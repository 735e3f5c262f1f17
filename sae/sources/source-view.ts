import { InputError } from '../../matching/errors';
import type { ByteReader } from '../containers/byte-reader';
import { openTensorFile, unknownContent } from '../containers/open-tensor-file';
import type { TensorFile } from '../containers/tensor';
import { parseYaml } from './parse-yaml';
import type { SaeSource, SourceFile } from './source';

/** Configurations are small; anything longer is no configuration. */
const MAX_JSON_BYTES = 4 << 20;

/** Some files of a source, opened at most once each: what the readers of formats work on. */
export class SourceView {
  private readonly byPath: ReadonlyMap<string, SourceFile>;
  private readonly opened = new Map<string, Promise<TensorFile | null>>();

  constructor(
    readonly source: SaeSource,
    readonly files: readonly SourceFile[]
  ) {
    this.byPath = new Map(files.map((file) => [file.path, file]));
  }

  find(path: string): SourceFile | undefined {
    return this.byPath.get(path);
  }

  /** The tensors of a file, headers only; null when its content is of no kind that holds tensors. @throws InputError */
  open(path: string): Promise<TensorFile | null> {
    const known = this.opened.get(path);
    if (known !== undefined) return known;
    const opening = this.reader(path).then(openTensorFile);
    this.opened.set(path, opening);
    return opening;
  }

  /** The tensors of a file, headers only. @throws InputError when there are none. */
  async tensors(path: string): Promise<TensorFile> {
    const file = await this.open(path);
    if (file !== null) return file;
    throw await unknownContent(await this.reader(path));
  }

  /** A JSON object of the source. @throws InputError when the file is missing, too long or no JSON object. */
  json(path: string): Promise<Readonly<Record<string, unknown>>> {
    return this.configuration(path, 'JSON', JSON.parse);
  }

  /** The same for YAML. @throws InputError */
  yaml(path: string): Promise<Readonly<Record<string, unknown>>> {
    return this.configuration(path, 'YAML', parseYaml);
  }

  private async configuration(
    path: string,
    language: string,
    parse: (text: string) => unknown
  ): Promise<Readonly<Record<string, unknown>>> {
    const reader = await this.reader(path);
    const fail = (found: string): InputError =>
      new InputError('the configuration cannot be read', {
        file: reader.name,
        found,
        expected: `a ${language} object`,
      });
    if (reader.bytes > MAX_JSON_BYTES) throw fail(`${reader.bytes} bytes`);
    const text = (await reader.read(0, reader.bytes)).toString('utf8');
    let parsed: unknown;
    try {
      parsed = parse(text);
    } catch (error) {
      throw fail(text.trim() === '' ? 'an empty file' : String(error));
    }
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw fail(text.slice(0, 60));
    return { ...parsed };
  }

  private reader(path: string): Promise<ByteReader> {
    const file = this.byPath.get(path);
    const name = this.source.locate(path);
    if (file === undefined) {
      return Promise.reject(
        new InputError('a file is missing', { file: name, found: 'no such file', expected: 'a file of the SAE' })
      );
    }
    const read = (start: number, end: number): Promise<Buffer> => this.source.read(path, { start, end });
    return Promise.resolve({ name, bytes: file.bytes, read });
  }
}
