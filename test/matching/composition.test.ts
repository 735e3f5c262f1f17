import { compose, permuteActivations } from '../../matching/composition';
import { buildChains, readChains } from '../../matching/chains';

describe('the permutation convention', () => {
  it('scatters: target_feature[i] is where source feature i goes', () => {
    const targetFeature = Int32Array.of(2, 0, 1);
    const activations = Float64Array.of(10, 20, 30);
    // A gather by target_feature would give [30, 10, 20].
    expect([...permuteActivations(activations, targetFeature, 3)]).toEqual([20, 30, 10]);
  });

  it('leaves target features that nobody maps to at zero', () => {
    expect([...permuteActivations(Float64Array.of(5, 6), Int32Array.of(3, -1), 4)]).toEqual([0, 0, 0, 5]);
  });
});

describe('compose', () => {
  it('applies the first matching, then the second, and keeps what is unmatched unmatched', () => {
    expect([...compose(Int32Array.of(1, 2, -1), Int32Array.of(7, -1, 5))]).toEqual([-1, 5, -1]);
  });

  it('carries activations as the two scatters do one after the other', () => {
    const first = Int32Array.of(2, 0, 1);
    const second = Int32Array.of(1, 2, 0);
    const activations = Float64Array.of(1, 2, 3);
    const twice = permuteActivations(permuteActivations(activations, first, 3), second, 3);
    expect(permuteActivations(activations, compose(first, second), 3)).toEqual(twice);
  });

  it('refuses matchings of layers of different size', () => {
    expect(() => compose(Int32Array.of(4), Int32Array.of(0, 1))).toThrow('matchings do not fit');
  });
});

describe('buildChains', () => {
  const layer = (index: number, features: number, excluded: Uint8Array | null = null) => ({
    layer: index,
    features,
    excluded,
  });
  const step = (...targets: number[]) => ({
    targetFeature: Int32Array.from(targets),
    cost: Float64Array.from(targets, (_, i) => i + 0.5),
    decoderCosine: Float64Array.from(targets, (_, i) => 1 - i / 10),
  });
  const paths = (...args: Parameters<typeof buildChains>) =>
    readChains(buildChains(...args)).map(({ steps }) => steps.map((s) => `${s.layer}:${s.feature}`).join(' '));

  it('starts a chain at every feature nobody maps to and ends it where a feature maps to none', () => {
    expect(paths([layer(0, 2), layer(3, 3), layer(4, 2)], [step(1, -1), step(-1, 0, 1)])).toEqual([
      '0:0 3:1 4:0',
      '0:1',
      '3:0',
      '3:2 4:1',
    ]);
  });

  it('breaks every chain at a pair that failed', () => {
    expect(paths([layer(0, 1), layer(1, 1), layer(2, 1)], [step(0), null])).toEqual(['0:0 1:0', '2:0']);
  });

  it('keeps excluded features out of every chain', () => {
    expect(paths([layer(0, 2, Uint8Array.of(1, 0)), layer(1, 2)], [step(-1, 1)])).toEqual(['0:1 1:1', '1:0']);
  });

  it('gives each step its cost and cosine, and none at the end', () => {
    const [chain] = readChains(buildChains([layer(0, 1), layer(1, 1)], [step(0)]));
    expect(chain!.steps[0]).toEqual({ layer: 0, feature: 0, cost: 0.5, cosine: 1 });
    expect(chain!.steps[1]!.cost).toBeNaN();
    expect(chain!.weakestCosine).toBe(1);
  });
});
