import { InputError } from '../../matching/errors';
import type { ByteReader } from '../containers/byte-reader';
import { openNpy } from '../containers/open-npy';
import { openSafetensors } from '../containers/safetensors';
import { isFloatType, shapeText } from '../containers/tensor';
import type { StoredTensor } from '../containers/tensor';
import { layerOfPath } from '../layer-name';
import type { SaeSource, SourceFile } from '../sources/source';

/** The file that says of which document every token is. */
export const TOKENS_FILE = 'tokens.jsonl';

/** The hidden states of a model on some tokens, one file a layer. */
export interface HiddenStatesFolder {
  readonly source: SaeSource;
  /** By layer, ascending. */
  readonly layers: ReadonlyMap<number, SourceFile>;
  /** Null when there is none: the tokens then count as one document. */
  readonly tokens: SourceFile | null;
}

const STATES = /^[^/]+\.(?:npy|safetensors)$/i;

/**
 * Finds the files of hidden states in a folder or bucket: `layer_<L>.npy` or `layer_<L>.safetensors`, and `tokens.jsonl`.
 *
 * @throws InputError when there are none, or two of one layer
 */
export async function findHiddenStates(source: SaeSource): Promise<HiddenStatesFolder> {
  const files = await source.list();
  const layers = new Map<number, SourceFile>();
  for (const file of files.filter(({ path }) => STATES.test(path))) {
    const layer = layerOfPath(file.path);
    if (layer === null) continue;
    const other = layers.get(layer);
    if (other !== undefined) {
      throw new InputError('two files hold hidden states of one layer', {
        file: source.locate(file.path),
        found: `layer ${layer}, as ${other.path}`,
        expected: 'one file a layer',
      });
    }
    layers.set(layer, file);
  }
  if (layers.size === 0) {
    throw new InputError('there are no hidden states', {
      file: source.root,
      field: '--activations',
      found: files.length === 0 ? 'no files' : `${files.length} files of other names`,
      expected: 'layer_<number>.npy or layer_<number>.safetensors, [tokens, d_model] each',
    });
  }
  const sorted = new Map([...layers].sort(([a], [b]) => a - b));
  return { source, layers: sorted, tokens: files.find(({ path }) => path === TOKENS_FILE) ?? null };
}

/**
 * Opens the hidden states of one layer, `[tokens, d_model]`: the array of a `.npy` file, the one tensor of a safetensors file.
 * Reads headers only.
 *
 * @throws InputError when the file holds no such matrix
 */
export async function openHiddenStates(source: SaeSource, file: SourceFile): Promise<StoredTensor> {
  const name = source.locate(file.path);
  const reader: ByteReader = {
    name,
    bytes: file.bytes,
    read: (start, end) => source.read(file.path, { start, end }),
  };
  const tensor = /\.npy$/i.test(file.path) ? await openNpy(reader) : await onlyTensor(reader);
  const isMatrix = tensor.shape.length === 2 && tensor.shape.every((size) => size > 0);
  if (isMatrix && isFloatType(tensor.dtype) && !tensor.columnMajor) return tensor;
  throw new InputError('these are no hidden states', {
    file: name,
    field: tensor.name,
    found: `${tensor.dtype} ${shapeText(tensor.shape)}${tensor.columnMajor ? ', columns first' : ''}`,
    expected: 'floats [tokens, d_model], rows first, one token at least',
    remedy: tensor.columnMajor ? 'Save np.ascontiguousarray(array).' : 'Save one matrix a layer, a row a token.',
  });
}

async function onlyTensor(reader: ByteReader): Promise<StoredTensor> {
  const { tensors } = await openSafetensors(reader);
  const [first] = tensors.values();
  if (tensors.size === 1 && first !== undefined) return first;
  throw new InputError('these are no hidden states', {
    file: reader.name,
    found: `${tensors.size} tensors: ${[...tensors.keys()].slice(0, 5).join(', ')}`,
    expected: 'one tensor [tokens, d_model]',
  });
}
