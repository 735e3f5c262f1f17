import type { FileHandle } from 'node:fs/promises';
import type { ContentSums } from './content-sums';

const READ_BYTES = 4 << 20;

/** Adds the first `bytes` bytes of a file to the sums. @returns how many there were */
export async function addContent(handle: FileHandle, bytes: number, sums: ContentSums): Promise<number> {
  const buffer = Buffer.allocUnsafe(Math.min(bytes, READ_BYTES));
  for (let position = 0; position < bytes;) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, bytes - position), position);
    if (bytesRead === 0) return position;
    sums.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
  return bytes;
}

/** Exactly the bytes `[start, end)` of a file; shorter only where the file ends before. */
export async function readContent(handle: FileHandle, start: number, end: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(end - start);
  for (let filled = 0; filled < buffer.length;) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, start + filled);
    if (bytesRead === 0) return buffer.subarray(0, filled);
    filled += bytesRead;
  }
  return buffer;
}
