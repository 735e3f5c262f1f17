import fc from 'fast-check';
import { InputError, UsageError } from '../../../matching/errors';
import type { CatalogueEntry } from '../../../sae/catalogue-entry';
import { layersText, parseLayers, selectLayers } from '../../../sae/select/layers';

function entry(layer: number | null, path = `layer_${layer}`): CatalogueEntry {
  return { format: 'x', path, part: null, layer, files: [], header: null, error: null };
}

describe('parseLayers', () => {
  it.each([
    ['0-6', [0, 1, 2, 3, 4, 5, 6]],
    ['0,2,4', [0, 2, 4]],
    ['0-3,6', [0, 1, 2, 3, 6]],
    [' 4 , 1 - 2,2', [1, 2, 4]],
    ['12', [12]],
  ])('reads %s', (text, layers) => {
    expect(parseLayers(text)).toEqual(layers);
  });

  it.each(['', 'a', '1-', '-1', '3-1', '1,,2', '1.5', '0-99999999', '1 2', '0x1'])('refuses %j', (text) => {
    expect(() => parseLayers(text)).toThrow(UsageError);
  });

  it('reads back what layersText writes', () => {
    const layers = fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { minLength: 1 });
    fc.assert(
      fc.property(layers, (numbers) => {
        const sorted = [...numbers].sort((a, b) => a - b);
        expect(parseLayers(layersText(sorted))).toEqual(sorted);
      })
    );
  });
});

describe('selectLayers', () => {
  const entries = [entry(5), entry(null, 'embedding'), entry(1), entry(3, 'a'), entry(10)];

  it('gives the chosen layers, or all that have one, in ascending order', () => {
    expect(selectLayers(entries, null).map(({ layer }) => layer)).toEqual([1, 3, 5, 10]);
    expect(selectLayers(entries, [1, 10]).map(({ layer }) => layer)).toEqual([1, 10]);
  });

  it('names a missing layer and the layers found', () => {
    expect(() => selectLayers(entries, [1, 4])).toThrow(InputError);
    expect(() => selectLayers(entries, [1, 4])).toThrow(/layer 4.*layers 1, 3, 5, 10/);
  });

  it('refuses several SAEs for a chosen layer, lists them, and ignores other layers', () => {
    const doubled = [...entries, entry(3, 'b')];
    expect(() => selectLayers(doubled, null)).toThrow(/layer 3 has several SAEs.*found a, b.*more specific folder/);
    expect(selectLayers(doubled, [1]).map(({ layer }) => layer)).toEqual([1]);
  });

  it('refuses SAEs none of which has a layer', () => {
    expect(() => selectLayers([entry(null, 'x')], null)).toThrow(/no SAE tells its layer/);
  });
});
