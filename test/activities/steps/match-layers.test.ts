import { writeFileSync } from 'node:fs';
import { readMatches } from '../../../activities/steps/compare-composed';
import { matchObject } from '../../../activities/steps/keys';
import { findIntactMatch, readMatchSummary } from '../../../activities/steps/match-summary';
import { readTableMetadata } from '../../../artifacts/tables/decode-table';
import { InputError } from '../../../matching/errors';
import type { FoldedRef, RunSpec } from '../../../workflows/run-types';
import { temporaryFolders } from '../../artifacts/temporary-folder';
import { randomSae } from '../../support/random-sae';
import { foldAll, match, smallModel, storeOf } from '../small-run';

const newFolder = temporaryFolders();
const TABLES = ['matches.parquet', 'targets.parquet', 'certificate.parquet'] as const;

let spec: RunSpec;
let layers: FoldedRef[];
beforeEach(async () => {
  spec = smallModel(newFolder());
  layers = await foldAll(spec);
});

describe('matching two folded layers', () => {
  it('stores three tables and what a run says about them', async () => {
    const ref = await match(spec, layers[0]!, layers[1]!);
    expect(ref).toMatchObject({ source: 0, target: 1, cached: false });
    const summary = await findIntactMatch(storeOf(spec), ref.key);
    expect(Object.keys(summary!.files).sort()).toEqual([...TABLES].sort());
    const { targetFeature, cost } = await readMatches(storeOf(spec), ref);
    expect([...targetFeature].sort((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, feature) => feature));
    expect(summary!.row).toMatchObject({ source_layer: 0, target_layer: 1, status: 'done', matched: 16 });
    expect(summary!.row.objective).toBe(cost.reduce((sum, value) => sum + value, 0));
  });

  it('states in its tables the options asked for and no others', async () => {
    const optionsOf = async (asked: RunSpec): Promise<unknown> => {
      const { key } = await match(asked, layers[0]!, layers[1]!);
      return (await readTableMetadata(await storeOf(spec).get(matchObject(key, 'matches.parquet')))).options;
    };
    expect(await optionsOf(spec)).toEqual({ weights: 'decoder', fold: true, degenerate: 'exclude' });
    const special = { weights: 'all', metric: 'cosine', part_weights: { encoder: 0.5 } } as const;
    expect(await optionsOf({ ...spec, ...special })).toEqual({ ...special, fold: true, degenerate: 'exclude' });
  });

  it('counts elements and shares of the parts that are compared, with their weights', async () => {
    const weighted: RunSpec = { ...spec, weights: 'all', part_weights: { decoder: 4, encoder: 0 } };
    const ref = await match(weighted, layers[0]!, layers[1]!);
    const { row } = (await readMatchSummary(storeOf(spec), ref.key))!;
    const { cost, mse } = await readMatches(storeOf(spec), ref);
    expect([...mse]).toEqual(Array.from(cost, (value) => value / 9));
    expect(row.share_encoder).toBeNull();
    expect(row.share_decoder! + row.share_bias!).toBeCloseTo(1, 12);
    expect(row.share_decoder! * row.matched_cost!).toBeCloseTo(4 * 8 * 16 * row.folded_mse_decoder!, 9);
    expect(row.share_bias! * row.matched_cost!).toBeCloseTo(16 * row.folded_mse_bias!, 9);
  });

  it('by unit vectors costs twice 1 less the decoder cosine, which is reported as ever', async () => {
    const ref = await match({ ...spec, metric: 'cosine' }, layers[0]!, layers[1]!);
    const { cost, decoderCosine } = await readMatches(storeOf(spec), ref);
    cost.forEach((value, i) => {
      expect(value).toBeCloseTo(2 - 2 * decoderCosine[i]!, 5);
    });
  });

  it('is done once', async () => {
    const first = await match(spec, layers[0]!, layers[1]!);
    expect(await match(spec, layers[0]!, layers[1]!)).toEqual({ ...first, cached: true });
    expect((await match({ ...spec, weights: 'all' }, layers[0]!, layers[1]!)).cached).toBe(false);
  });

  it.each(TABLES)('is done again, with the same bytes, when %s is damaged or gone', async (table) => {
    const store = storeOf(spec);
    const first = await match(spec, layers[0]!, layers[1]!);
    const object = matchObject(first.key, table);
    const intact = await store.get(object);
    const damaged = Buffer.from(intact);
    damaged[10] = damaged[10]! ^ 1;
    for (const damage of [() => store.put(object, damaged), () => store.delete(object)]) {
      await damage();
      expect(await findIntactMatch(store, first.key)).toBeNull();
      expect((await match(spec, layers[0]!, layers[1]!)).cached).toBe(false);
      expect((await store.get(object)).equals(intact)).toBe(true);
    }
  });

  it('is done again when its summary cannot be read', async () => {
    const store = storeOf(spec);
    const { key } = await match(spec, layers[0]!, layers[1]!);
    writeFileSync(store.url(matchObject(key, 'summary.json')), '{"row": ');
    expect(await readMatchSummary(store, key)).toBeNull();
    expect((await match(spec, layers[0]!, layers[1]!)).cached).toBe(false);
  });

  it('names both layers when their vectors differ in length', async () => {
    const wide = smallModel(newFolder(), [randomSae(1), randomSae(2, 16, 9)]);
    const [source, target] = await foldAll(wide);
    const matching = match(wide, source!, target!);
    await expect(matching).rejects.toThrow(InputError);
    await expect(matching).rejects.toThrow(
      `${wide.source}#0 and ${wide.source}#1: decoder rows: the SAEs live in spaces of different size (found 8 and 9 elements`
    );
  });
});
