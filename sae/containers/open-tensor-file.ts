import { InputError } from '../../matching/errors';
import type { ByteReader } from './byte-reader';
import { openNpz } from './npz';
import { openSafetensors } from './safetensors';
import type { TensorFile } from './tensor';

/** Longest beginning of a file that is looked at to tell what it is. */
const SNIFFED_BYTES = 512;

/** What the first bytes of a file show it to be. */
type FileKind = 'zip' | 'safetensors' | 'lfs-pointer' | 'empty' | 'unknown';

/**
 * Opens a file of tensors by what it contains, whatever it is called. Reads headers only.
 *
 * @returns null when the content is of no kind that holds tensors.
 * @throws InputError when it is empty, a Git LFS pointer, or a damaged file of a known kind.
 */
export async function openTensorFile(file: ByteReader): Promise<TensorFile | null> {
  const start = await file.read(0, Math.min(SNIFFED_BYTES, file.bytes));
  const kind = kindOf(start);
  switch (kind) {
    case 'zip':
      return openNpz(file);
    case 'safetensors':
      return openSafetensors(file);
    case 'lfs-pointer':
      throw new InputError('this is a Git LFS pointer, not the weights themselves', {
        file: file.name,
        found: `a text of ${file.bytes} bytes${pointedSize(start)}`,
        expected: 'the weights',
        remedy: 'Run `git lfs install` and `git lfs pull` in the repository that holds the file.',
      });
    case 'empty':
      throw new InputError('the file is empty', {
        file: file.name,
        found: '0 bytes',
        expected: 'the weights',
        remedy: 'Download or copy the file again.',
      });
    case 'unknown':
      return null;
  }
}

/** The error for a file that should hold weights and is of no known kind. */
export async function unknownContent(file: ByteReader): Promise<InputError> {
  const start = await file.read(0, Math.min(16, file.bytes));
  const shown = /^[\x20-\x7e\s]+$/.test(start.toString('latin1'))
    ? JSON.stringify(start.toString())
    : start.toString('hex');
  return new InputError('the file holds no weights that can be read', {
    file: file.name,
    found: `${file.bytes} bytes that begin with ${shown}`,
    expected: 'a numpy archive (.npz) or a safetensors file',
    remedy: 'The file is probably truncated or not what its name says: download or copy it again.',
  });
}

function kindOf(start: Buffer): FileKind {
  if (start.length === 0) return 'empty';
  const text = start.toString('latin1');
  if (text.startsWith('version https://git-lfs')) return 'lfs-pointer';
  if (text.startsWith('PK\x03\x04') || text.startsWith('PK\x05\x06')) return 'zip';
  // Eight bytes of length, then a JSON object.
  if (text[8] === '{') return 'safetensors';
  return 'unknown';
}

function pointedSize(start: Buffer): string {
  const size = /^size (\d+)$/m.exec(start.toString('latin1'))?.[1];
  return size === undefined ? '' : ` that stands for ${size} bytes`;
}
