import { crc32 } from '@node-rs/crc32';
import { deflateRawSync } from 'node:zlib';

export interface MemberToWrite {
  readonly name: string;
  readonly content: Buffer;
  readonly deflate?: boolean;
  /** What the archive claims instead of the truth. */
  readonly claimedBytes?: number;
  readonly claimedCrc?: number;
}

/** A zip archive that may lie: for tests of how broken archives are refused. */
export function zipOf(members: readonly MemberToWrite[]): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let position = 0;
  for (const { name, content, deflate = false, claimedBytes, claimedCrc } of members) {
    const data = deflate ? deflateRawSync(content) : content;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(deflate ? 8 : 0, 4);
    common.writeUInt16LE(33, 8);
    common.writeUInt32LE(claimedCrc ?? crc32(content), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(claimedBytes ?? content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const offset = Buffer.alloc(14);
    offset.writeUInt32LE(position, 10);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), data]);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), common, offset, Buffer.from(name)]));
    locals.push(local);
    position += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(position, 16);
  return Buffer.concat([...locals, directory, end]);
}

/** A `.npy` file (version 1) with a header of the given text, padded to 64 bytes. */
export function npyOf(header: string, data: Buffer): Buffer {
  const text = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11, ' ') + '\n';
  const prefix = Buffer.from('\x93NUMPY\x01\x00\x00\x00', 'latin1');
  prefix.writeUInt16LE(text.length, 8);
  return Buffer.concat([prefix, Buffer.from(text, 'latin1'), data]);
}

/** A C-order float32 array. */
export function float32Npy(shape: readonly number[], values: readonly number[]): Buffer {
  const list = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${list}), }`;
  return npyOf(header, Buffer.from(Float32Array.from(values).buffer));
}
