import { writeKeyRecord } from '../../artifacts/key-record';
import { putOnce } from '../../artifacts/put-once';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { openStore } from '../../artifacts/store/open-store';
import { encodeActivations } from '../../artifacts/tables/activations';
import type { LayerRow } from '../../artifacts/tables/layers';
import { openFloatProducts } from '../../kernels/ort/float-products';
import { InputError } from '../../matching/errors';
import { decodeToken } from '../../matching/evaluation/activations/decoding';
import type { DecoderWeights } from '../../matching/evaluation/activations/decoding';
import type { FeatureActivations } from '../../matching/evaluation/activations/feature-activations';
import { HiddenError, HiddenMoments } from '../../matching/evaluation/activations/hidden-error';
import type { HiddenStates } from '../../matching/evaluation/activations/hidden-error';
import { mean, quantiles } from '../../matching/statistics';
import type { CanonicalSae } from '../../sae/canonical';
import { TokenEncoder } from '../../sae/encoding/encode-tokens';
import { rowNorms } from '../../sae/formats/assemble';
import type { MeasureInput } from '../../workflows/activity-types';
import type { LayerPlan, MeasuredRef, StatesPlan } from '../../workflows/run-types';
import { inputHashes } from '../steps/input-hashes';
import { keyOf } from '../steps/keys';
import { loadLayer } from '../steps/load-layer';
import { READING } from '../task-context';
import type { TaskContext } from '../task-context';
import { decoderWeights, foldingDivisor } from './decoder-weights';
import { layerObject, measureIngredients } from './keys';
import { findMeasured, writeMeasured } from './measured-layer';
import type { StoredStretch } from './measured-layer';
import { openStates } from './open-states';

type WeightFigures = Omit<LayerRow, keyof StatesFigures>;
type StatesFigures = Pick<
  LayerRow,
  | 'tokens'
  | 'documents'
  | 'hidden_norm_mean'
  | 'l0'
  | 'never_active'
  | 'explained_variance'
  | 'explained_variance_elements'
  | 'explained_variance_dimensions'
>;

/**
 * Describes a layer by its weights, and, where there are hidden states, stores the activations of its features on them and says
 * how well it reconstructs them. Finds it where this was done before.
 */
export async function measureLayerTask(input: MeasureInput, context: TaskContext): Promise<MeasuredRef> {
  const { spec, layer, states } = input;
  const store = openStore(spec.out);
  const made = measureIngredients(input);
  const key = keyOf(made);
  const ref = { layer: layer.layer, key };
  if ((await findMeasured(store, key)) !== null) return { ...ref, cached: true };

  context.onProgress(READING);
  const { sae } = await loadLayer(spec, layer, context);
  await writeKeyRecord(store, 'layers', made);
  const encoded = states === null ? NO_STATES : await encodeStates(store, key, sae, layer, states, context);
  const row = { ...weightFigures(layer.layer, sae), ...encoded.figures };
  await writeMeasured(store, key, { row, stretches: encoded.stretches });
  return { ...ref, cached: false };
}

const NO_STATES: { readonly figures: StatesFigures; readonly stretches: readonly StoredStretch[] } = {
  figures: {
    tokens: null,
    documents: null,
    hidden_norm_mean: null,
    l0: null,
    never_active: null,
    explained_variance: null,
    explained_variance_elements: null,
    explained_variance_dimensions: null,
  },
  stretches: [],
};

function weightFigures(layer: number, sae: CanonicalSae): WeightFigures {
  const divisor = foldingDivisor(sae);
  const norms = rowNorms(sae.decoder);
  const canFold = (value: number): boolean => value > 0 && Number.isFinite(value);
  const theta = sae.threshold?.map((value) => (canFold(value) ? value : NaN)) ?? new Float64Array(0);
  const spread = quantiles(theta);
  return {
    layer,
    features: sae.header.features,
    excluded: divisor.filter((value) => !(value > 0)).length,
    theta_mean: mean(theta),
    theta_q05: spread.q05,
    theta_q50: spread.q50,
    theta_q95: spread.q95,
    decoder_norm_mean: mean(norms)!,
    folded_decoder_norm_mean: mean(norms.map((norm, i) => (canFold(divisor[i]!) ? norm * divisor[i]! : NaN))),
    encoder_norm_mean: mean(rowNorms(sae.encoder))!,
  };
}

async function encodeStates(
  store: ObjectStore,
  key: string,
  sae: CanonicalSae,
  layer: LayerPlan,
  plan: StatesPlan,
  context: TaskContext
): Promise<typeof NO_STATES> {
  const { elements } = plan.layers.find((one) => one.layer === layer.layer)!;
  if (elements !== sae.header.dIn) {
    throw new InputError('the hidden states do not fit the SAE', {
      file: plan.location,
      field: `layer ${layer.layer}`,
      found: `${elements} elements`,
      expected: `${sae.header.dIn}, as the SAE reads`,
    });
  }
  const states = await openStates(plan, [layer.layer], context);
  const figures = new StatesSums(sae);
  const stretches: StoredStretch[] = [];
  const encoder = await TokenEncoder.open(sae, layer.path, openFloatProducts);
  try {
    let firstToken = 0;
    for await (const block of states.stream(layer.layer)) {
      const activations = await encoder.encode(block, (done) => {
        context.throwIfCancelled();
        context.onProgress({ phase: 'evaluating', done: firstToken + done, total: plan.tokens, gap: null });
      });
      figures.add(block, activations, states.documents.document.subarray(firstToken));
      const inputs = { layer: inputHashes(layer), tokens: [firstToken, firstToken + block.tokens] };
      const table = encodeActivations(activations, firstToken, { inputs, options: {} });
      const file = await putOnce(store, layerObject(key, stretchName(firstToken)), table);
      stretches.push({ firstToken, tokens: block.tokens, file });
      firstToken += block.tokens;
    }
  } finally {
    await encoder.close();
  }
  return { figures: figures.figures(states.documents.documents), stretches };
}

const stretchName = (firstToken: number): string => `tokens-${String(firstToken).padStart(9, '0')}.parquet`;

/** Sums of what is said of a layer's own activations. */
class StatesSums {
  private readonly moments: HiddenMoments;
  private readonly error: HiddenError;
  private readonly decoder: DecoderWeights;
  private readonly isActive: Uint8Array;
  private readonly estimate: Float64Array;
  private entries = 0;

  constructor(sae: CanonicalSae) {
    this.moments = new HiddenMoments(sae.header.dIn);
    this.error = new HiddenError(sae.header.dIn);
    this.decoder = decoderWeights(sae);
    this.isActive = new Uint8Array(sae.header.features);
    this.estimate = new Float64Array(sae.header.dOut);
  }

  add(block: HiddenStates, activations: FeatureActivations, documents: Int32Array): void {
    for (let token = 0; token < block.tokens; token++) {
      const x = block.values.subarray(token * block.elements, (token + 1) * block.elements);
      this.moments.add(documents[token]!, x);
      decodeToken(this.estimate, this.decoder, activations, token, null);
      this.error.add(documents[token]!, x, this.estimate);
    }
    for (const feature of activations.feature) this.isActive[feature] = 1;
    this.entries += activations.feature.length;
  }

  figures(documents: number): StatesFigures {
    const { tokens, norms } = this.moments;
    const explained = this.error.explained(this.moments);
    return {
      tokens,
      documents,
      hidden_norm_mean: tokens === 0 ? null : norms / tokens,
      l0: tokens === 0 ? null : this.entries / tokens,
      never_active: this.isActive.filter((active) => active === 0).length,
      explained_variance: explained.pooled,
      explained_variance_elements: explained.elements,
      explained_variance_dimensions: explained.dimensions,
    };
  }
}
