import fc from 'fast-check';
import type { Descriptions } from '../../cli/descriptions';
import type { Output } from '../../cli/output';
import { bestChains, printChain, warnExcluded } from '../../cli/summary';
import type { Chain } from '../../matching/chains';
import type { PairRow } from '../../artifacts/tables/pairs';

/** A chain with steps of these cosines. */
function chain(id: number, cosines: readonly number[]): Chain {
  const steps = [...cosines, NaN].map((cosine, layer) => ({ layer, feature: id, cost: 1 - cosine, cosine }));
  return { id, steps, weakestCosine: cosines.length === 0 ? NaN : Math.min(...cosines) };
}

function record(): { output: Output; printed: string[]; warned: string[] } {
  const printed: string[] = [];
  const warned: string[] = [];
  const output: Output = {
    print: (line = '') => printed.push(line),
    json: () => undefined,
    note: () => undefined,
    warn: (line) => warned.push(line),
    writeAbove: () => undefined,
    interactive: false,
    quiet: false,
  };
  return { output, printed, warned };
}

describe('the best chains', () => {
  it('are those with the largest smallest cosine; equal ones keep the order of the table', () => {
    const chains = [chain(0, [0.9, 0.1]), chain(1, [0.5]), chain(2, [0.6, 0.5, 0.7]), chain(3, [0.7, 0.8])];
    expect(bestChains(chains, 3).map(({ id }) => id)).toEqual([3, 1, 2]);
  });

  it('leave out chains of one feature and steps without a cosine', () => {
    expect(bestChains([chain(0, []), chain(1, [0.9, NaN]), chain(2, [-0.3])], 5).map(({ id }) => id)).toEqual([2]);
  });

  it('are the first of all chains sorted by their smallest cosine', () => {
    const cosines = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: 4 });
    fc.assert(
      fc.property(fc.array(cosines, { maxLength: 20 }), fc.integer({ min: 1, max: 25 }), (lists, count) => {
        const chains = lists.map((list, id) => chain(id, list));
        const best = bestChains(chains, count);
        const smallest = lists.filter((list) => list.length > 0).map((list) => Math.min(...list));
        expect(best.map(({ weakestCosine }) => weakestCosine)).toEqual(smallest.sort((a, b) => b - a).slice(0, count));
        expect(new Set(best.map(({ id }) => id)).size).toBe(best.length);
      })
    );
  });
});

describe('a printed chain', () => {
  const descriptions: Descriptions = { of: (layer) => (layer === 1 ? 'ships' : null) };

  it('has one line a layer, with the cosine of the step below and the description', () => {
    const { output, printed } = record();
    printChain(output, chain(117, [0.75, 0.5]), descriptions);
    expect(printed).toEqual([
      'chain 117: 3 layers, smallest cosine 0.500',
      '  0:117     ↓ 0.750',
      '  1:117     ↓ 0.500  ships',
      '  2:117',
    ]);
  });

  it('shows what stands in a description, and does none of it', () => {
    const { output, printed } = record();
    const hostile: Descriptions = { of: () => 'a\u001b]0;title\u0007b\r\nc \u202edc' };
    printChain(output, chain(4, []), hostile);
    expect(printed[1]).toBe('  0:4                a ]0;title b c  dc');
  });

  it('of one feature has no cosine', () => {
    const { output, printed } = record();
    printChain(output, chain(4, []), descriptions);
    expect(printed).toEqual(['chain 4: 1 layers', '  0:4']);
  });
});

describe('features that were left out', () => {
  const row = (source: number | null, target: number | null, a: number | null, b: number | null): PairRow =>
    ({ source_layer: source, target_layer: target, excluded_source: a, excluded_target: b }) as PairRow;

  it('are told once a layer, whatever the number of its pairs, and also where a pair of it failed', () => {
    const { output, warned } = record();
    warnExcluded(output, [row(0, 1, 0, 3), row(1, 2, 3, 0), row(1, 3, null, null)]);
    expect(warned).toEqual(['layer 1: 3 features with a threshold of 0 or less were left out (see --degenerate)']);
  });

  it('are told by side where layers do not tell the SAEs apart', () => {
    const { output, warned } = record();
    warnExcluded(output, [row(null, 4, 1, 2)]);
    warnExcluded(output, [row(4, 4, 1, 0)]);
    expect(warned.map((line) => line.slice(0, 8))).toEqual(['source: ', 'target: ', 'source: ']);
  });
});
