import { crc32c as update } from '@node-rs/crc32';

/**
 * CRC32C (Castagnoli) of bytes that arrive in chunks. The digest is written as Google Cloud Storage writes it: the four
 * bytes in big-endian order, base64, for example `4waSgw==` for the ASCII text `123456789`.
 */
export class Crc32c {
  private state = 0;

  update(chunk: Uint8Array): this {
    this.state = update(chunk, this.state);
    return this;
  }

  digest(): string {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.state);
    return bytes.toString('base64');
  }
}

/** CRC32C of the chunks one after the other, in the notation of {@link Crc32c}. */
export function crc32c(chunks: Uint8Array | readonly Uint8Array[]): string {
  const crc = new Crc32c();
  for (const chunk of chunks instanceof Uint8Array ? [chunks] : chunks) crc.update(chunk);
  return crc.digest();
}
