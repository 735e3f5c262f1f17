import { BYTE_MUTATIONS } from './bytes.mjs';
import { mutateJson } from './json.mjs';
import { isZip, unzip, zip, zipNumbers } from './zip.mjs';

const NUMBERS = [
  0n,
  1n,
  2n,
  0x7fn,
  0xffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xfffffffen,
  0xffffffffn,
  1n << 40n,
  (1n << 64n) - 1n,
];
const TEXTS = [
  '0',
  '1',
  '-1',
  '255',
  '65536',
  '4294967295',
  '9999999999999',
  '9007199254740993',
  '9'.repeat(400),
  '1e9',
  '0x9',
  '',
];
/** Operations that build, repeat, recall and call. */
const OPERATIONS = Buffer.from('(N\x88KMJ\x8aGX\x8c]})tld\x85\x86\x87aesuqr\x94hj0c\x93RbQ.', 'latin1');

/** Ways to damage the parts of containers; each gives null where the file is no such container. */
export const CONTAINER_MUTATIONS = {
  'a number of the archive': (bytes, random) => {
    const numbers = isZip(bytes) ? zipNumbers(bytes) : [];
    if (numbers.length === 0) return null;
    const copy = Buffer.from(bytes);
    for (let count = 1 + random.few(3); count > 0; count--) {
      const { at, size } = random.pick(numbers);
      const value = random.chance(0.7) ? random.pick(NUMBERS) : BigInt(bytes.length + random.below(200) - 100);
      copy.set(little(value).subarray(0, size), at);
    }
    return copy;
  },
  'a number of an array': (bytes, random) =>
    inMember(bytes, random, /\.npy$/, (content) => {
      const end = content.indexOf('\n') + 1;
      if (end === 0) return null;
      const header = anotherNumber(content.toString('latin1', 10, end), random);
      const prefix = Buffer.from(content.subarray(0, 10));
      prefix.writeUInt16LE(Math.min(0xffff, header.length), 8);
      return Buffer.concat([prefix, Buffer.from(header, 'latin1'), content.subarray(end)]);
    }),
  'the header of an array': (bytes, random) =>
    inMember(bytes, random, /\.npy$/, (content) => {
      const changed = damaged(content.subarray(0, 128), random);
      return Buffer.concat([changed, content.subarray(128)]);
    }),
  'a pickle': (bytes, random) => inMember(bytes, random, /data\.pkl$/, (content) => damaged(content, random)),
  'operations of a pickle': (bytes, random) =>
    inMember(bytes, random, /data\.pkl$/, (content) => {
      const copy = Buffer.from(content);
      for (let count = 1 + random.few(4); count > 0; count--) copy[random.below(copy.length)] = random.pick(OPERATIONS);
      const at = random.below(copy.length);
      const many = Buffer.alloc(random.few(1 << 16), random.pick(OPERATIONS));
      return random.chance(0.3) ? Buffer.concat([copy.subarray(0, at), many, copy.subarray(at)]) : copy;
    }),
  'members of the archive': (bytes, random) => {
    const members = isZip(bytes) ? unzip(bytes) : null;
    if (members === null) return null;
    const one = random.pick(members);
    const other = random.pick(members);
    const changed = random.pick([
      () => members.filter((member) => member !== one),
      () => [...members, one],
      () =>
        members.map((member) =>
          member === one
            ? { ...member, name: random.pick(['../x', '/x', '', 'a\\b', `${member.name}/`, 'x'.repeat(9000)]) }
            : member
        ),
      () => members.map((member) => (member === one ? { ...member, content: other.content } : member)),
      () =>
        members.map((member) => (member === one ? { ...member, content: damaged(member.content, random) } : member)),
      () =>
        members.map((member) =>
          member === one ? { ...member, name: other.name } : member === other ? { ...member, name: one.name } : member
        ),
      () =>
        members.map((member) =>
          member === one ? { ...member, content: Buffer.alloc(random.few(1 << 25)), deflated: true } : member
        ),
    ])();
    return zip(changed.map((member) => ({ ...member, deflated: random.chance(0.2) || member.deflated })));
  },
  'a field of the header': (bytes, random) => withHeader(bytes, (text) => mutateJson(text, random)?.text ?? null),
  'a number of the header': (bytes, random) => withHeader(bytes, (text) => anotherNumber(text, random)),
};

function damaged(bytes, random) {
  return random.pick(Object.values(BYTE_MUTATIONS))(bytes, random);
}

function inMember(bytes, random, name, change) {
  const members = isZip(bytes) ? unzip(bytes) : null;
  const fitting = members?.filter((member) => name.test(member.name)) ?? [];
  if (fitting.length === 0) return null;
  const chosen = random.pick(fitting);
  const content = change(chosen.content);
  return content === null ? null : zip(members.map((member) => (member === chosen ? { ...member, content } : member)));
}

/** Changes the header of a safetensors file; its length fits all the same. */
function withHeader(bytes, change) {
  if (bytes.length < 10 || bytes[8] !== 0x7b) return null;
  const length = Number(bytes.readBigUInt64LE(0));
  const text = 8 + length <= bytes.length ? change(bytes.toString('utf8', 8, 8 + length)) : null;
  if (text === null) return null;
  const header = Buffer.from(text);
  return Buffer.concat([little(BigInt(header.length)), header, bytes.subarray(8 + length)]);
}

function anotherNumber(text, random) {
  const numbers = [...text.matchAll(/\d+/g)];
  if (numbers.length === 0) return text;
  const { index, 0: digits } = random.pick(numbers);
  const near = String(Number(digits) + random.pick([1, -1, 4, -4, 2 ** 32]));
  return text.slice(0, index) + (random.chance(0.3) ? near : random.pick(TEXTS)) + text.slice(index + digits.length);
}

function little(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes;
}
