import { InputError } from '../../matching/errors';
import type { ByteReader } from './byte-reader';
import { openNpz } from './npz';
import { openSafetensors } from './safetensors';
import type { TensorFile } from './tensor';
import { isTorchArchive, openTorch } from './torch/torch-file';
import { openZip } from './zip-archive';

/** Longest beginning of a file that is looked at to tell what it is. */
const SNIFFED_BYTES = 512;

/** The pickled number that files of torch.save began with before they were archives. */
const LEGACY_TORCH = Buffer.from('80028a0a6cfc9c46f9206aa85019', 'hex');

/** What the first bytes of a file show it to be. */
type FileKind = 'zip' | 'safetensors' | 'legacy-torch' | 'lfs-pointer' | 'empty' | 'unknown';

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
    case 'zip': {
      const members = await openZip(file);
      return isTorchArchive(members) ? openTorch(file, members) : openNpz(file, members);
    }
    case 'safetensors':
      return openSafetensors(file);
    case 'legacy-torch':
      throw new InputError('this file is in a format of PyTorch before 1.6, which is not read', {
        file: file.name,
        found: 'a pickle that is not in a zip archive',
        expected: 'a file of torch.save as it is since PyTorch 1.6',
        remedy: 'Save it again: torch.save(torch.load(file, weights_only=True), file).',
      });
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
    expected: 'a numpy archive (.npz), a safetensors file, or a file of torch.save',
    remedy: 'The file is probably truncated or not what its name says: download or copy it again.',
  });
}

function kindOf(start: Buffer): FileKind {
  if (start.length === 0) return 'empty';
  const text = start.toString('latin1');
  if (text.startsWith('version https://git-lfs')) return 'lfs-pointer';
  if (text.startsWith('PK\x03\x04') || text.startsWith('PK\x05\x06')) return 'zip';
  if (start.subarray(0, LEGACY_TORCH.length).equals(LEGACY_TORCH)) return 'legacy-torch';
  // Eight bytes of length, then a JSON object.
  if (text[8] === '{') return 'safetensors';
  return 'unknown';
}

function pointedSize(start: Buffer): string {
  const size = /^size (\d+)$/m.exec(start.toString('latin1'))?.[1];
  return size === undefined ? '' : ` that stands for ${size} bytes`;
}
