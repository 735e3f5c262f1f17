import { InputError } from '../../matching/errors';
import type { HiddenStates } from '../../matching/evaluation/activations/hidden-error';
import { allFinite, decodeFloats } from '../containers/decode-floats';
import { FLOAT_BYTES } from '../containers/tensor';
import type { FloatType, StoredTensor } from '../containers/tensor';

/**
 * The hidden states of a layer in blocks of whole tokens, in order; float64 as it is, shorter types exactly as float32. No more
 * than a block is in memory, beside what is read ahead.
 *
 * @param tensor as `openHiddenStates` opens it
 * @param tokensPerBlock of every block but the last
 * @throws InputError when the file ends early, or a value is NaN or infinite
 */
export async function* streamHiddenStates(tensor: StoredTensor, tokensPerBlock: number): AsyncGenerator<HiddenStates> {
  const [tokens = 0, elements = 0] = tensor.shape;
  const type = tensor.dtype as FloatType;
  const rowBytes = elements * FLOAT_BYTES[type];
  let first = 0;
  let held: Buffer[] = [];
  let heldBytes = 0;
  const wanted = (): number => Math.min(tokensPerBlock, tokens - first) * rowBytes;
  for await (const chunk of tensor.chunks()) {
    let rest = chunk;
    while (heldBytes + rest.length >= wanted() && first < tokens) {
      const part = rest.subarray(0, wanted() - heldBytes);
      rest = rest.subarray(part.length);
      const bytes = Buffer.concat([...held, part]);
      held = [];
      heldBytes = 0;
      const block = decodeBlock(tensor, type, bytes, first);
      first += block.tokens;
      yield block;
    }
    if (rest.length > 0) held.push(rest);
    heldBytes += rest.length;
  }
  if (first === tokens && heldBytes === 0) return;
  throw new InputError('the hidden states end early', {
    file: tensor.file,
    found: `${first} whole tokens and ${heldBytes} bytes`,
    expected: `${tokens} tokens`,
    remedy: 'The file is probably truncated: write or copy it again.',
  });
}

function decodeBlock(tensor: StoredTensor, type: FloatType, bytes: Buffer, first: number): HiddenStates {
  const elements = tensor.shape[1]!;
  const count = bytes.length / FLOAT_BYTES[type];
  const values = type === 'float64' ? new Float64Array(count) : new Float32Array(count);
  decodeFloats(bytes, type, tensor.bigEndian, values, 0);
  if (!allFinite(values)) {
    const bad = values.findIndex((value) => !Number.isFinite(value));
    throw new InputError('the hidden states are not all finite', {
      file: tensor.file,
      found: `${values[bad]} at token ${first + Math.floor(bad / elements)}, element ${bad % elements}`,
      expected: 'finite numbers only',
      remedy: 'Leave such tokens out of all layers, or compute them in a wider type.',
    });
  }
  return { tokens: count / elements, elements, values };
}
