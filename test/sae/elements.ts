import { halfToNumber } from '../../sae/containers/decode-floats';
import { ITEM_BYTES } from './editable-tensors';
import type { EditableTensor } from './editable-tensors';

/** The number whose bytes begin at `place`. */
export function readElement(tensor: EditableTensor, place: number): number {
  const bytes = littleEndian(tensor, place);
  switch (tensor.type) {
    case 'float64':
      return bytes.readDoubleLE();
    case 'float32':
      return bytes.readFloatLE();
    case 'float16':
      return halfToNumber(bytes.readUInt16LE());
    case 'bfloat16':
      return Buffer.from([0, 0, bytes[0]!, bytes[1]!]).readFloatLE();
  }
}

/** Puts a number there. @throws Error when it has no such float16 or bfloat16 */
export function writeElement(tensor: EditableTensor, place: number, value: number): void {
  const bytes = Buffer.alloc(ITEM_BYTES[tensor.type]);
  if (tensor.type === 'float64') bytes.writeDoubleLE(value);
  else if (tensor.type === 'float32') bytes.writeFloatLE(value);
  else if (tensor.type === 'float16') bytes.writeUInt16LE(halfOf(value));
  else bytes.writeUInt16LE(brainOf(value));
  littleEndian(tensor, place, bytes);
}

/** The bytes of an element in this order, or puts them there. */
function littleEndian({ bytes, type, bigEndian }: EditableTensor, place: number, put?: Buffer): Buffer {
  const part = bytes.subarray(place, place + ITEM_BYTES[type]);
  if (put !== undefined) part.set(bigEndian ? put.reverse() : put);
  return bigEndian ? Buffer.from(part).reverse() : Buffer.from(part);
}

const halves = new Map(Array.from({ length: 1 << 16 }, (_, bits) => [halfToNumber(bits), bits]));

function halfOf(value: number): number {
  const bits = halves.get(value);
  if (bits === undefined) throw new Error(`${value} is no float16`);
  return bits;
}

function brainOf(value: number): number {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  if (bytes.readUInt16LE(0) !== 0) throw new Error(`${value} is no bfloat16`);
  return bytes.readUInt16LE(2);
}
