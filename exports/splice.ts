import { carryFactors } from '../matching/evaluation/activations/decoding';
import { foldingDivisor } from '../activities/evaluation/decoder-weights';
import type { ManifestInput } from '../artifacts/manifest';
import { InputError } from '../matching/errors';
import type { CanonicalSae, SaeHeader } from '../sae/canonical';
import { encodeSafetensors, floatTensor, integerTensor } from '../sae/containers/safetensors-writer';
import type { TensorToWrite } from '../sae/containers/safetensors-writer';
import { convertSae } from '../sae/convert';
import type { ExportFile, PlannedExport } from './export-files';
import { inputsOf, readPairMatches } from './matched-pairs';
import type { ChosenPairs, MatchedPair, MatchedResults } from './matched-pairs';
import type { LoadedInput } from './placed-input';
import { provenanceOf } from './provenance';

/** Value of the field `schema` of `splice.json`. */
export const SPLICE_SCHEMA = 'sae-match/splice@1';
/** How a permutation is meant, in the words of `splice.json`. */
const CONVENTION = 'f_hat[permutation[i]] = f[i]';
const TENSORS = 'permutations.safetensors';
const INDEX = 'splice.json';

export interface SpliceOptions {
  /** Also writes the SAEs, so that nothing else is needed. */
  readonly withWeights: boolean;
  readonly load: (input: ManifestInput) => Promise<LoadedInput>;
}

/**
 * What carries activations of one layer into the SAE of another, for programs that have the model: `permutations.safetensors`,
 * `splice.json` and, if they are wanted, the SAEs in canonical form. One SAE at a time is in memory.
 *
 * @throws InputError when layers are unknown or the same
 */
export function planSplice(results: MatchedResults, chosen: ChosenPairs, options: SpliceOptions): PlannedExport {
  const inputs = inputsOf(chosen.pairs);
  for (const pair of chosen.pairs) checkLayers(pair);
  const weights = options.withWeights ? inputs.map(({ layer }) => weightsName(layer!)) : [];
  return {
    schema: SPLICE_SCHEMA,
    names: [...weights, TENSORS, INDEX],
    files: spliceFiles(results, chosen, options),
  };
}

async function* spliceFiles(
  results: MatchedResults,
  { pairs }: ChosenPairs,
  { withWeights, load }: SpliceOptions
): AsyncGenerator<ExportFile> {
  const inputs = inputsOf(pairs);
  const divisors = new Map<ManifestInput, Float64Array>();
  for (const input of inputs) {
    const { stored, sae } = await load(input);
    divisors.set(input, foldingDivisor(sae));
    if (withWeights) yield { name: weightsName(input.layer!), chunks: canonicalChunks(stored, input.path) };
  }
  const tensors: TensorToWrite[] = [];
  const described = [];
  for (const pair of pairs) {
    const { targetFeature } = await readPairMatches(results, pair);
    const [source, target] = [divisors.get(pair.source)!, divisors.get(pair.target)!];
    const factor = Float32Array.from(carryFactors('folded', targetFeature, { divisor: source }, { divisor: target }));
    const names = tensorNames(pair);
    tensors.push(integerTensor(names.permutation, [targetFeature.length], targetFeature));
    tensors.push(floatTensor(names.factor, [factor.length], [factor]));
    const { source_layer, target_layer } = pair;
    described.push({ source_layer, target_layer, matched: targetFeature.filter((j) => j >= 0).length, ...names });
  }
  const { chunks } = encodeSafetensors(tensors, { schema: SPLICE_SCHEMA, convention: CONVENTION });
  yield { name: TENSORS, chunks };
  const index = {
    ...{ schema: SPLICE_SCHEMA, convention: CONVENTION, tensors: TENSORS },
    layers: inputs.map((input) => layerOf(input, withWeights)),
    pairs: described,
    ...provenanceOf(results.manifest, inputs),
  };
  yield { name: INDEX, chunks: [Buffer.from(`${JSON.stringify(index, null, 2)}\n`)] };
}

/** What a hook must know of a layer beside its weights. Field names as in the JSON. */
function layerOf({ layer, header }: ManifestInput, withWeights: boolean): object {
  const { hook, features, dIn, dOut, activation, k, inputNorm } = header as SaeHeader;
  return {
    ...{ layer, hook, features, d_in: dIn, d_out: dOut, activation, k, input_norm: inputNorm },
    weights: withWeights ? weightsName(layer!) : null,
  };
}

function canonicalChunks(sae: CanonicalSae, file: string): readonly Uint8Array[] {
  const [converted] = convertSae(sae, { to: 'canonical', fold: false, degenerate: 'exclude', file });
  return converted!.chunks;
}

const weightsName = (layer: number): string => `layer_${layer}/sae.safetensors`;

function tensorNames({ source_layer, target_layer }: MatchedPair): { permutation: string; factor: string } {
  const pair = `${source_layer}_${target_layer}`;
  return { permutation: `permutation_${pair}`, factor: `factor_${pair}` };
}

function checkLayers({ source_layer, target_layer, source, target }: MatchedPair): void {
  if (source_layer !== null && target_layer !== null && source_layer !== target_layer) return;
  throw new InputError('this pair cannot be spliced into a model', {
    file: `${source.path} and ${target.path}`,
    found: `layers ${source_layer ?? 'unknown'} and ${target_layer ?? 'unknown'}`,
    expected: 'two layers of a model, both known',
    remedy: 'Name SAEs as <source>#<layer> when they are matched.',
  });
}
