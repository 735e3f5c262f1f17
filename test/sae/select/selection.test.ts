import fc from 'fast-check';
import { InputError, UsageError } from '../../../matching/errors';
import type { SaeHeader } from '../../../sae/canonical';
import type { CatalogueEntry } from '../../../sae/catalogue-entry';
import { pathFilter } from '../../../sae/select/by-path';
import { parseL0 } from '../../../sae/select/l0';
import { narrow, parseWidth, selectSaes } from '../../../sae/select/selection';
import type { SaeSelection } from '../../../sae/select/selection';

/** SAEs as Gemma Scope lays them out. */
function entry(layer: number, features: number, l0: number | string, hook = 'hook_resid_post'): CatalogueEntry {
  const width = features >= 1e6 ? '1m' : `${Math.floor(features / 1000)}k`;
  const last = typeof l0 === 'number' ? `average_l0_${l0}` : l0;
  const path = `layer_${layer}/width_${width}/${last}`;
  const header = { features, hook: `blocks.${layer}.${hook}` } as SaeHeader;
  return { format: 'gemma-scope', path, part: null, layer, files: [], header, error: null };
}

const where = { root: 'hf://google/gemma-scope-2b-pt-res', source: 'hf://google/gemma-scope-2b-pt-res' };
const select = (entries: CatalogueEntry[], selection: SaeSelection): string[] =>
  selectSaes(entries, null, selection, where).map(({ path }) => path.slice(path.indexOf('width_')));

describe('of several SAEs a layer', () => {
  const entries = [0, 1].flatMap((layer) =>
    [16384, 65536].flatMap((features) => [20 + layer, 70 + layer, 140].map((l0) => entry(layer, features, l0)))
  );

  it('a width and an L0 choose one, the width as names have it or in full', () => {
    const expected = ['width_16k/average_l0_140', 'width_16k/average_l0_140'];
    expect(select(entries, { width: '16k', l0: '140' })).toEqual(expected);
    expect(select(entries, { width: '16384', l0: '140' })).toEqual(expected);
  });

  it('the nearest L0 is chosen in each layer, the smaller of two as near', () => {
    const nearest = ['width_65k/average_l0_70', 'width_65k/average_l0_71'];
    expect(select(entries, { width: '65k', l0: 'nearest:72' })).toEqual(nearest);
    const two = [entry(0, 16384, 60), entry(0, 16384, 80)];
    expect(select(two, { l0: 'nearest:70' })).toEqual(['width_16k/average_l0_60']);
  });

  it('those called canonical are chosen by that name', () => {
    const named = [...entries, entry(0, 16384, 'canonical'), entry(1, 16384, 'canonical')];
    expect(select(named, { l0: 'canonical' })).toEqual(['width_16k/canonical', 'width_16k/canonical']);
  });

  it('the message of an ambiguous layer lists what tells them apart and how to choose', () => {
    expect(() => select(entries, {})).toThrow(InputError);
    expect(() => select(entries, {})).toThrow(
      /layer 0 has several SAEs .*Choose with --width 16k \| 65k, --l0 20 \| 70 \| 140/
    );
    expect(() => select(entries, { width: '16k' })).toThrow(/Choose with --l0 20 \| 70 \| 140 \(or --l0 nearest/);
  });

  it('what no SAE has is an input error that lists what there is', () => {
    expect(() => select(entries, { width: '32k' })).toThrow(/--width: no SAE fits the selection \(found 16k, 65k/);
    expect(() => select(entries, { l0: '99' })).toThrow(/no SAE of layer 0 fits the selection \(found 20, 70, 140/);
    expect(() => select(entries, { hook: 'mlp_out' })).toThrow(/--hook: no SAE fits the selection/);
    expect(() => select([entry(0, 16384, 'params')], { l0: 'similar' })).toThrow(/paths that do not state an L0/);
  });

  it('a hook point is chosen by its kind, by a part of its name, or by the path', () => {
    const both = [entry(0, 16384, 70), entry(0, 16384, 70, 'hook_mlp_out')];
    for (const hook of ['mlp_out', 'hook_mlp']) expect(narrow(both, null, { hook }, where)).toEqual([both[1]]);
    expect(narrow(both, null, { hook: 'average_l0_70' }, where)).toEqual(both);
  });

  it('a damaged one stays, so that it is reported', () => {
    const broken: CatalogueEntry = { ...entry(1, 16384, 70), header: null, error: new InputError('broken') };
    const chosen = selectSaes([entry(0, 16384, 70), broken], null, { width: '16k' }, where);
    expect(chosen.map(({ error }) => error?.message)).toEqual([undefined, 'broken']);
  });
});

it('similar gives the chain of least jumps of L0, as trying every chain does', () => {
  const l0s = fc.uniqueArray(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 4 });
  const jumps = (chain: readonly number[]): number =>
    chain.slice(1).reduce((sum, l0, i) => sum + Math.abs(Math.log(l0 / chain[i]!)), 0);
  fc.assert(
    fc.property(fc.array(l0s, { minLength: 1, maxLength: 5 }), (layers) => {
      const entries = layers.flatMap((own, layer) => own.map((l0) => entry(layer, 16384, l0)));
      const chosen = select(entries, { l0: 'similar' }).map((path) => Number(path.split('_').at(-1)));
      const every = layers.reduce<number[][]>(
        (chains, own) => chains.flatMap((chain) => own.map((l0) => [...chain, l0])),
        [[]]
      );
      expect(jumps(chosen)).toBeCloseTo(Math.min(...every.map(jumps)), 9);
    })
  );
});

it('paths that name another layer or width need not be opened', () => {
  const accept = pathFilter([3], { width: '16k' })!;
  expect(accept('layer_3/width_16k/average_l0_71/params.npz')).toBe(true);
  expect(accept('layer_4/width_16k/average_l0_71/params.npz')).toBe(false);
  expect(accept('layer_3/width_65k/average_l0_71/params.npz')).toBe(false);
  expect(accept('ae.pt')).toBe(true);
  expect(pathFilter([3], { width: '16384' })!('layer_3/width_16k/params.npz')).toBe(true);
  expect(pathFilter(null, { l0: '71' })).toBeNull();
});

it('what cannot be understood is a usage error', () => {
  expect(() => parseWidth('wide')).toThrow(UsageError);
  for (const text of ['nearest', 'nearest:x', '-3', '7..1', 'nearest:'])
    expect(() => parseL0(text)).toThrow(UsageError);
  for (const text of ['similar', 'canonical', '71', '71.5', 'small', 'nearest:70']) expect(parseL0(text)).toBe(text);
});
