import { encodeSafetensors, floatTensor } from '../../../sae/containers/safetensors-writer';
import { findHiddenStates, openHiddenStates } from '../../../sae/hidden-states/find-hidden-states';
import { streamHiddenStates } from '../../../sae/hidden-states/stream-hidden-states';
import { readTokenDocuments } from '../../../sae/hidden-states/token-documents';
import { memorySource } from '../memory-source';
import { float32Npy, npyOf } from '../zip-writer';

const VALUES = Array.from({ length: 21 }, (_, n) => n / 4 - 2);
const safetensors = (...names: string[]): Buffer =>
  Buffer.concat(
    encodeSafetensors(
      names.map((name) => floatTensor(name, [7, 3], [Float32Array.from(VALUES)])),
      {}
    ).chunks
  );

function source(files: Record<string, Buffer | string>): ReturnType<typeof memorySource> {
  return memorySource(new Map(Object.entries(files).map(([path, content]) => [path, Buffer.from(content)])));
}

async function read(file: Buffer, path = 'layer_0.npy', tokensPerBlock = 3): Promise<number[][]> {
  const from = source({ [path]: file });
  const { layers } = await findHiddenStates(from);
  const blocks: number[][] = [];
  for await (const block of streamHiddenStates(await openHiddenStates(from, layers.get(0)!), tokensPerBlock)) {
    expect(block.elements).toBe(3);
    blocks.push(Array.from(block.values));
  }
  return blocks;
}

describe('hidden states', () => {
  const blocks = [VALUES.slice(0, 9), VALUES.slice(9, 18), VALUES.slice(18)];

  it.each([
    ['a .npy of float32', float32Npy([7, 3], VALUES), 'layer_0.npy'],
    [
      'a .npy of float64, big-endian',
      npyOf(
        "{'descr': '>f8', 'fortran_order': False, 'shape': (7, 3), }",
        Buffer.from(Float64Array.from(VALUES).buffer).swap64()
      ),
      'layer_0.npy',
    ],
    ['the one tensor of a safetensors file', safetensors('anything'), 'layer_0.safetensors'],
  ])('are read from %s in blocks of whole tokens', async (_, file, path) => {
    expect(await read(file, path)).toEqual(blocks);
    expect(await read(file, path, 7)).toEqual([VALUES]);
    expect(await read(file, path, 100)).toEqual([VALUES]);
  });

  it.each([
    ['a file that ends early', float32Npy([7, 3], VALUES).subarray(0, -5), /does not fit its header/],
    [
      'a matrix of no tokens',
      float32Npy([0, 3], []),
      /found float32 0 x 3, expected floats \[tokens, d_model\].*one token/,
    ],
    ['a vector', float32Npy([21], VALUES), /found float32 21, expected floats \[tokens, d_model\]/],
    [
      'columns first',
      npyOf(
        "{'descr': '<f4', 'fortran_order': True, 'shape': (7, 3), }",
        Buffer.from(Float32Array.from(VALUES).buffer)
      ),
      /ascontiguousarray/,
    ],
    [
      'a value that is not finite',
      float32Npy(
        [7, 3],
        VALUES.map((value, n) => (n === 16 ? NaN : value))
      ),
      /NaN at token 5, element 1/,
    ],
    ['something else', Buffer.from('nothing of the kind'), /not a numpy array/],
  ])('are refused where a file is %s', async (_, file, message) => {
    await expect(read(file)).rejects.toThrow(message);
  });

  it('are refused where a safetensors file holds two tensors, or two files one layer', async () => {
    await expect(read(safetensors('a', 'b'), 'layer_0.safetensors')).rejects.toThrow(/2 tensors: a, b/);
    const twice = source({ 'layer_0.npy': '', 'layer_0.safetensors': '' });
    await expect(findHiddenStates(twice)).rejects.toThrow(/two files hold hidden states of one layer/);
  });

  it('are found by layer, beside other files, and looked for in vain where there are none', async () => {
    const found = await findHiddenStates(
      source({ 'layer_10.npy': '', 'layer_2.npy': '', 'notes.npy': '', 'tokens.jsonl': '', 'more/layer_3.npy': '' })
    );
    expect([...found.layers.keys()]).toEqual([2, 10]);
    expect(found.tokens?.path).toBe('tokens.jsonl');
    await expect(findHiddenStates(source({ 'a.txt': '' }))).rejects.toThrow(/layer_<number>\.npy/);
  });
});

describe('the documents of tokens', () => {
  const documents = (lines: string, tokens: number): ReturnType<typeof readTokenDocuments> =>
    readTokenDocuments(source({ 'tokens.jsonl': lines }), 'tokens.jsonl', tokens);

  it('are numbered as they first appear, by document or doc', async () => {
    const lines = '{"document": "b"}\n{"doc": "a"}\n{"document": "b", "doc": "c"}\n{"document": 7}\n';
    expect(await documents(lines, 4)).toEqual({ document: Int32Array.of(0, 1, 0, 2), documents: 3 });
  });

  it.each([
    ['one token too few', '{"doc": "a"}\n', /1 tokens, expected 2/],
    ['one token too many', '{"doc": "a"}\n{"doc": "a"}\n{"doc": "a"}', /3 tokens, expected 2/],
    ['a token without a document', '{"doc": "a"}\n{"token": "a"}', /line 2/],
    ['a line that is no JSON', '{"doc": "a"}\n{"doc"', /line 2/],
  ])('are refused with %s', async (_, lines, message) => {
    await expect(documents(lines, 2)).rejects.toThrow(message);
  });
});
