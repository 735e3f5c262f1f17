import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';

const LOCAL = Buffer.from('PK\x03\x04', 'latin1');
const CENTRAL = Buffer.from('PK\x01\x02', 'latin1');
const END = Buffer.from('PK\x05\x06', 'latin1');
const END_64 = Buffer.from('PK\x06\x06', 'latin1');
/** Where the numbers of each kind of header lie: position after its signature's start, bytes. */
const NUMBERS = [
  [
    LOCAL,
    [
      [6, 2],
      [8, 2],
      [14, 4],
      [18, 4],
      [22, 4],
      [26, 2],
      [28, 2],
    ],
  ],
  [
    CENTRAL,
    [
      [8, 2],
      [10, 2],
      [16, 4],
      [20, 4],
      [24, 4],
      [28, 2],
      [30, 2],
      [32, 2],
      [42, 4],
    ],
  ],
  [
    END,
    [
      [8, 2],
      [10, 2],
      [12, 4],
      [16, 4],
      [20, 2],
    ],
  ],
  [
    END_64,
    [
      [24, 8],
      [32, 8],
      [40, 8],
      [48, 8],
    ],
  ],
];

export const isZip = (bytes) => bytes.subarray(0, 4).equals(LOCAL);

/** The numbers `{ at, size }` of all headers of an archive. */
export function zipNumbers(bytes) {
  const found = [];
  for (const [signature, fields] of NUMBERS) {
    for (let at = bytes.indexOf(signature); at >= 0; at = bytes.indexOf(signature, at + 4)) {
      for (const [offset, size] of fields)
        if (at + offset + size <= bytes.length) found.push({ at: at + offset, size });
    }
  }
  return found;
}

/** Where the directory begins; nothing behind it is content. */
export const directoryOf = (bytes) => Math.max(0, bytes.indexOf(CENTRAL));

/** The members `{ name, content, deflated }` of an archive without ZIP64 sizes; null when it has them or is damaged. */
export function unzip(bytes) {
  try {
    return membersOf(bytes);
  } catch {
    // What another mutation has damaged.
    return null;
  }
}

function membersOf(bytes) {
  const members = [];
  for (let at = bytes.indexOf(CENTRAL); at >= 0 && at + 46 <= bytes.length && bytes.indexOf(CENTRAL, at) === at;) {
    const [size, nameLength, extra, comment] = [
      bytes.readUInt32LE(at + 20),
      bytes.readUInt16LE(at + 28),
      bytes.readUInt16LE(at + 30),
      bytes.readUInt16LE(at + 32),
    ];
    const local = bytes.readUInt32LE(at + 42);
    if (size === 0xffffffff || local + 30 > bytes.length) return null;
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const deflated = bytes.readUInt16LE(at + 10) === 8;
    const packed = bytes.subarray(start, start + size);
    members.push({
      name: bytes.toString('utf8', at + 46, at + 46 + nameLength),
      content: deflated ? inflateRawSync(packed) : packed,
      deflated,
    });
    at += 46 + nameLength + extra + comment;
  }
  return members.length === 0 ? null : members;
}

/** A sound archive of any members, so that a mutation inside one is not stopped by its checksum. */
export function zip(members) {
  const [locals, central] = [[], []];
  let position = 0;
  for (const { name, content, deflated } of members) {
    const data = deflated ? deflateRawSync(content) : content;
    const path = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(deflated ? 8 : 0, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(path.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(position, 10);
    const local = Buffer.concat([LOCAL, common, path, data]);
    central.push(CENTRAL, Buffer.from([20, 0]), common, place, path);
    locals.push(local);
    position += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(position, 12);
  return Buffer.concat([...locals, directory, END, end]);
}
