import type { Ingredients } from '../../artifacts/content-key';
import { isComplete } from '../../artifacts/stored-artifacts';
import type { LayerPlan, RunSpec } from '../../workflows/run-types';
import { keyOf } from '../steps/keys';
import { layerIngredients, layerKeys } from '../steps/layer-keys';
import { CHECKPOINT } from '../steps/match-checkpoint';
import { findIntactMatch } from '../steps/match-summary';
import { possibleMatches } from '../steps/planned-keys';
import { describeMatchDifference } from './describe-difference';
import { matchFields, nearest } from './ingredient-fields';
import type { Difference, FoldLookup } from './ingredient-fields';
import { recordOf } from './preview-layer';
import type { StoreContent } from './stored-records';

/** What a run would do about a pair of layers; field names as in the JSON of `plan`. */
export interface PairPreview {
  readonly source: number;
  readonly target: number;
  /** `resume` goes on from the state that an earlier attempt has left. */
  readonly state: 'cached' | 'match' | 'resume' | 'damaged' | 'failed';
  /** Why it is not used from the store; null when it is. */
  readonly reason: string | null;
  /** Where the nearest stored artifact differs; empty when there is none, or for other reasons. */
  readonly differences: readonly Difference[];
  /** Content key of its tables; null when a layer cannot be read. */
  readonly key: string | null;
}

/** Looks for a match in the store as the step that makes it does. */
export async function previewPair(
  content: StoreContent,
  spec: RunSpec,
  source: LayerPlan,
  target: LayerPlan
): Promise<PairPreview> {
  const common = { source: source.layer, target: target.layer, differences: [] };
  const broken = [source, target].find(({ failure }) => failure !== null);
  if (broken !== undefined) {
    return { ...common, state: 'failed', reason: `layer ${broken.layer} cannot be read`, key: null };
  }
  const side = (layer: LayerPlan): Parameters<typeof possibleMatches>[0] => ({
    layer: layer.layer,
    ...layerKeys(spec, layer),
  });
  const possible = possibleMatches(side(source), side(target), spec);
  const stored = possible.flatMap((made) => content.find('matches', keyOf(made)) ?? []);
  for (const match of stored.filter(isComplete)) {
    if ((await findIntactMatch(content.store, match.key)) !== null) {
      return { ...common, state: 'cached', reason: null, key: match.key };
    }
    return {
      ...common,
      state: 'damaged',
      reason: 'the stored tables are damaged, it is matched again',
      key: match.key,
    };
  }
  const begun = stored.find(({ names }) => names.includes(CHECKPOINT));
  if (begun !== undefined) {
    return { ...common, state: 'resume', reason: 'begun before, goes on from its last checkpoint', key: begun.key };
  }
  const [likeliest] = possible;
  return {
    ...common,
    state: 'match',
    key: keyOf(likeliest!),
    ...(await whyMatch(content, spec, likeliest!, source, target)),
  };
}

async function whyMatch(
  content: StoreContent,
  spec: RunSpec,
  made: Ingredients,
  source: LayerPlan,
  target: LayerPlan
): Promise<Pick<PairPreview, 'reason' | 'differences'>> {
  const { known, areAllKnown } = await content.records('matches');
  const ofPair = [...known.values()].filter(({ inputs }) => {
    const { source: a, target: b } = inputs as unknown as Record<'source' | 'target', { layer: number }>;
    return a.layer === source.layer && b.layer === target.layer;
  });
  if (ofPair.length === 0) {
    return { reason: `nothing is ${areAllKnown ? '' : 'known to be '}stored for these layers`, differences: [] };
  }
  const { known: folded } = await content.records('folded');
  const now = [source, target].map((layer) => recordOf(layerIngredients(spec, layer).rows));
  const foldOf: FoldLookup = (key) => folded.get(key) ?? now.find((record) => keyOf(record) === key);
  const fields = ofPair.map((record) => matchFields(record, foldOf));
  const found = nearest(fields, matchFields(recordOf(made), foldOf))!;
  return {
    reason: found.map((difference) => describeMatchDifference(difference, source, target)).join('; '),
    differences: found,
  };
}
