import { buildChains as stitch, readChains } from '../matching/chains';
import type { Chain, ChainLayer } from '../matching/chains';
import { InputError } from '../matching/errors';
import type { Matching } from './matching';

/** The parts of a {@link Matching} that chains are made of. */
export type ChainLink = Pick<
  Matching,
  'source' | 'target' | 'targetFeature' | 'sourceFeature' | 'cost' | 'decoderCosine' | 'certificate'
>;

/**
 * Stitches the matchings of consecutive layers into chains, each one feature followed through the layers (SAE Match,
 * arXiv 2410.07656, Sect. 3). A chain begins where no feature of the layer before maps to its first one, and ends where its last
 * one maps to none. Chains are numbered by first layer, then feature.
 *
 * @param matchings of layer A with B, B with C, and so on. Layers that are not known count from 0
 * @throws InputError when the target of one is not the source of the next
 *
 * @example
 * ```ts
 * import { buildChains, compose, fold, matchPair, readSae } from 'sae-match';
 *
 * const layers = [];
 * for (const layer of [3, 4, 5]) layers.push(fold(await readSae(`examples/minilm-l6#${layer}`)));
 * const ab = await matchPair(layers[0]!, layers[1]!);
 * const bc = await matchPair(layers[1]!, layers[2]!);
 *
 * const ac = compose(ab.targetFeature, bc.targetFeature);
 * const [chain] = buildChains([ab, bc]);
 * console.log(chain!.steps.map(({ layer }) => layer), chain!.steps[2]!.feature === ac[0]);
 * // [ 3, 4, 5 ] true
 * ```
 */
export function buildChains(matchings: readonly ChainLink[]): Chain[] {
  const [first] = matchings;
  if (first === undefined) return [];
  matchings.slice(1).forEach((next, index) => {
    checkContinues(matchings[index]!, next);
  });
  const sides = [first.source, ...matchings.map(({ target }) => target)];
  const areKnown = sides.every(({ header }) => header.layer !== null);
  const duals = [first.certificate.sourceDual, ...matchings.map(({ certificate }) => certificate.targetDual)];
  const layers = sides.map(({ header }, index): ChainLayer => {
    const excluded = Uint8Array.from(duals[index]!, (dual) => (Number.isNaN(dual) ? 1 : 0));
    return { layer: areKnown ? header.layer! : index, features: excluded.length, excluded };
  });
  const steps = matchings.map(({ targetFeature, cost, decoderCosine }) => ({
    ...{ targetFeature, cost },
    decoderCosine: Float64Array.from(decoderCosine),
  }));
  return readChains(stitch(layers, steps));
}

function checkContinues(one: ChainLink, next: ChainLink): void {
  const sameCount = one.sourceFeature.length === next.targetFeature.length;
  if (sameCount && one.target.name === next.source.name) return;
  throw new InputError('the matchings do not follow each other', {
    found: `${one.target.name} (${one.sourceFeature.length} features), then ${next.source.name} (${next.targetFeature.length})`,
    expected: 'the target of each to be the source of the next',
  });
}
