import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { createTileThreads } from '../../activities/tiles/tile-threads';
import { buildChains, readChains } from '../../matching/chains';
import { featuresOf } from '../../matching/features';
import { foldLayer } from '../../matching/folding';
import type { FoldedLayer } from '../../matching/folding';
import { matchPair } from '../../matching/match-pair';
import type { Matching } from '../../matching/matching';
import type { OptimalityClaim, OptimalityProof } from '../../matching/verification/prove-optimality';
import { loadSae } from '../../sae/load-sae';
import { resolveSaeArgument } from '../../sae/sae-argument';
import reference from './minilm-l6.json';

type Mode = 'dec-unfolded' | 'dec-folded' | 'all-unfolded' | 'all-folded';
const MODES: readonly Mode[] = ['dec-unfolded', 'dec-folded', 'all-unfolded', 'all-folded'];
const PAIRS = ['0:1', '1:2', '2:3', '3:4', '4:5', '5:6'] as const;

const tiles = createTileThreads({ device: 'cpu', threads: 2 });
const layers = new Map<string, Promise<FoldedLayer>>();

function layer(index: number, fold: boolean): Promise<FoldedLayer> {
  const key = `${index} ${fold}`;
  const known = layers.get(key);
  if (known !== undefined) return known;
  const file = `examples/minilm-l6#${index}`;
  const loading = resolveSaeArgument(file)
    .then(({ source, entry }) => loadSae(source, entry))
    .then((sae) => foldLayer(sae, { fold, degenerate: 'error', file }));
  layers.set(key, loading);
  return loading;
}

const prover = new Worker(join(__dirname, 'prove-thread.cjs'));
afterAll(() => prover.terminate());

/** Proves a matching as `verify` does. In float64 alone the proofs would take ten times as long as the matching. */
async function prove(claim: OptimalityClaim): Promise<OptimalityProof> {
  prover.postMessage(claim);
  const [proof] = (await once(prover, 'message')) as [OptimalityProof];
  return proof;
}

const matched = new Map<string, Promise<{ matching: Matching; holds: boolean }>>();

/** A pair in a mode, matched once for all tests. */
function matchExample(pair: string, mode: Mode): Promise<{ matching: Matching; holds: boolean }> {
  const key = `${pair} ${mode}`;
  const matching = matched.get(key) ?? matchAndProve(pair, mode);
  matched.set(key, matching);
  return matching;
}

async function matchAndProve(pair: string, mode: Mode): Promise<{ matching: Matching; holds: boolean }> {
  const [source, target] = pair.split(':').map(Number) as [number, number];
  const weights = mode.startsWith('all') ? 'all' : 'decoder';
  const sides = [];
  for (const index of [source, target]) {
    const rows = await layer(index, mode.endsWith('-folded'));
    const report = { decoder: rows.decoder, encoder: rows.encoder, folded: null };
    sides.push({ features: featuresOf(rows, weights), report });
  }
  const [a, b] = [sides[0]!, sides[1]!];
  const matching = await matchPair(a, b, { availableMemory: 2 ** 30 }, { tiles });
  const { targetFeature, cost, certificate } = matching;
  const claim = { source: a.features, target: b.features, targetFeature, cost, ...certificate };
  const { holds } = await prove(claim);
  return { matching, holds };
}

describe('the example SAEs', () => {
  it.each(PAIRS)('have the optimum that scipy finds for layers %s, in every mode, and a proof of it', async (pair) => {
    for (const mode of MODES) {
      const { matching, holds } = await matchExample(pair, mode);
      const expected = reference[pair][mode].objective;
      expect(Math.abs(matching.objective - expected)).toBeLessThanOrEqual(1e-9 * expected);
      expect(holds).toBe(true);
    }
  });

  it('chain as the permutations that scipy finds compose', async () => {
    const steps = [];
    for (const pair of PAIRS) {
      const { matching } = await matchExample(pair, 'dec-folded');
      expect([...matching.targetFeature]).toEqual(reference[pair]['dec-folded'].target_feature);
      steps.push({
        targetFeature: matching.targetFeature,
        cost: matching.cost,
        decoderCosine: matching.decoderCosine,
      });
    }
    const table = buildChains(
      Array.from({ length: 7 }, (_, index) => ({ layer: index, features: 1024, excluded: null })),
      steps
    );
    const chains = readChains(table);
    expect(chains).toHaveLength(1024);
    for (const { id, steps: links } of chains) {
      let feature = id;
      const expected = [feature];
      for (const pair of PAIRS) expected.push((feature = reference[pair]['dec-folded'].target_feature[feature]!));
      expect(links.map((link) => link.feature)).toEqual(expected);
    }
  });
});
