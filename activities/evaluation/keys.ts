import { ARTIFACT_RECORDS, artifactKey } from '../../artifacts/layout';
import type { Ingredients } from '../../artifacts/content-key';
import type { CyclesInput, EstimateInput, EvaluatePairInput, MeasureInput } from '../../workflows/activity-types';
import type { FoldedRef } from '../../workflows/run-types';
import { layerKeys } from '../steps/layer-keys';
import { matchingOptions } from '../steps/matching-options';

/** Content keys of what evaluations store, as those of runs are made in activities/steps/keys.ts. */

/** Version of what an evaluation computes; part of its content address. */
const EVALUATION_VERSION = 2;

export function evaluationIngredients({ spec, source, target, matches, methods }: EvaluatePairInput): Ingredients {
  const side = ({ layer, rows, folded, inputs }: FoldedRef): object => ({ layer, rows, folded, inputs });
  const inputs = {
    version: EVALUATION_VERSION,
    source: side(source),
    target: side(target),
    matches: Object.fromEntries(Object.entries(matches).map(([method, match]) => [method, match?.key ?? null])),
    methods,
    ...matchingOptions(spec),
  };
  return { kind: 'evaluation', inputs };
}

/** Version of what is said of a layer, and of how activations are computed. */
const MEASURE_VERSION = 1;

export function measureIngredients({ spec, layer, states }: MeasureInput): Ingredients {
  const file = states?.layers.find((one) => one.layer === layer.layer)?.file;
  const inputs = {
    version: MEASURE_VERSION,
    // Names its weights, and the scale that is folded into them.
    folded: layerKeys({ ...spec, fold: true, degenerate: 'exclude' }, layer).rows,
    layer: layer.layer,
    ...(states !== null && { states: file!.sha256, tokens: states.tokensFile?.sha256 ?? null }),
  };
  return { kind: 'layer', inputs };
}

/** Version of what is said of carried activations. */
const ESTIMATES_VERSION = 1;

export function estimatesIngredients(input: EstimateInput): Ingredients {
  const { source, target, methods, evaluation, match, steps } = input;
  const inputs = {
    version: ESTIMATES_VERSION,
    source: source.measured.key,
    target: target.measured.key,
    methods,
    evaluation: evaluation.key,
    match: match.key,
    steps: steps?.map(({ key }) => key) ?? null,
  };
  return { kind: 'estimates', inputs };
}

/** Version of what is said of cycles. */
const CYCLES_VERSION = 1;

export function cyclesIngredients({ direct, onward }: CyclesInput): Ingredients {
  const matches = (some: CyclesInput['direct']): object => some.map(({ source, target, key }) => [source, target, key]);
  return { kind: 'cycles', inputs: { version: CYCLES_VERSION, direct: matches(direct), onward: matches(onward) } };
}

export const evaluationObject = (key: string, name: string = ARTIFACT_RECORDS.evaluations): string =>
  artifactKey('evaluations', key, name);
export const layerObject = (key: string, name: string = ARTIFACT_RECORDS.layers): string =>
  artifactKey('layers', key, name);
export const estimatesObject = (key: string): string => artifactKey('estimates', key, ARTIFACT_RECORDS.estimates);
export const cyclesObject = (key: string): string => artifactKey('cycles', key, ARTIFACT_RECORDS.cycles);
