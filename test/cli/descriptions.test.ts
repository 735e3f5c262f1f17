import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RunManifest } from '../../artifacts/manifest';
import { describeChains, findExplanations } from '../../cli/descriptions';
import type { Descriptions } from '../../cli/descriptions';
import type { Chain } from '../../matching/chains';
import { InputError } from '../../matching/errors';
import { put, scratchFolder } from '../sae/support';
import { EXAMPLE } from '../support/small-model';

const folder = scratchFolder();
const FEATURES = 1024;
const manifest = {
  inputs: [0, 1, 2, 3].map((layer) => ({ layer, path: '', files: [], header: { features: FEATURES } })),
} as unknown as RunManifest;

/** Descriptions for a chain through some layers. */
function describeThrough(place: string | null, ...layers: number[]): Promise<Descriptions> {
  const steps = layers.map((layer) => ({ layer, feature: 0, cost: 0, cosine: 1 }));
  const chains: Chain[] = [{ id: 0, steps, weakestCosine: 1 }];
  return describeChains(place, manifest, chains);
}

describe('descriptions of features', () => {
  it('are found by layer and feature, of the layers that chains go through', async () => {
    put(folder, 'layer_0.jsonl', '{"index": 3, "description": "cats"}');
    put(folder, 'layer_1.jsonl', '{"index": "3", "description": " ships "}');
    put(folder, 'layer_2.jsonl', 'broken');
    const descriptions = await describeThrough(folder, 0, 1);
    expect([descriptions.of(0, 3), descriptions.of(1, 3)]).toEqual(['cats', 'ships']);
    const refused = describeThrough(folder, 1, 2);
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow('layer_2.jsonl: line 1: the line cannot be read');
  });

  it('are null where there is none: no folder, no file, no line', async () => {
    expect((await describeThrough(null, 0)).of(0, 3)).toBeNull();
    expect((await describeThrough(folder, 3)).of(3, 3)).toBeNull();
    expect((await describeThrough(folder, 0)).of(0, 4)).toBeNull();
  });

  it('cannot be read from a place that is not there', async () => {
    await expect(describeThrough(join(folder, 'nowhere'), 0)).rejects.toThrow(
      `${join(folder, 'nowhere')}: --explanations: the descriptions cannot be read`
    );
  });

  it('are looked for beside the SAEs', () => {
    expect(findExplanations(folder)).toBeNull();
    mkdirSync(join(folder, 'explanations'));
    expect(findExplanations(folder)).toBe(join(folder, 'explanations'));
  });

  it('of the example are there for features of every layer', async () => {
    const descriptions = await describeThrough(findExplanations(EXAMPLE), 0, 1, 2, 3);
    for (let layer = 0; layer < 4; layer++) {
      const described = Array.from({ length: FEATURES }, (_, feature) => descriptions.of(layer, feature));
      expect(described.filter((text) => text !== null).length).toBeGreaterThan(500);
    }
  });
});
