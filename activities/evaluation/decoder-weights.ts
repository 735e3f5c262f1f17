import type { DecoderWeights } from '../../matching/evaluation/activations/decoding';
import { rowOf } from '../../matching/row-matrix';
import type { CanonicalSae } from '../../sae/canonical';
import { rowNorms } from '../../sae/formats/assemble';

/** What activations of an SAE are decoded with. */
export function decoderWeights(sae: CanonicalSae): DecoderWeights {
  return {
    rows: Array.from({ length: sae.decoder.rows }, (_, i) => rowOf(sae.decoder, i)),
    bias: sae.decoderBias,
    divisor: foldingDivisor(sae),
  };
}

/** What folding divides the activation of each feature by: θ, a given scale, or 1 / ‖decoder row‖. `[features]` */
export function foldingDivisor(sae: CanonicalSae): Float64Array {
  switch (sae.header.gauge) {
    case 'theta':
      return sae.threshold ?? new Float64Array(sae.decoder.rows);
    case 'given':
      return sae.scale ?? new Float64Array(sae.decoder.rows);
    case 'decoder_norm':
      return rowNorms(sae.decoder).map((norm) => 1 / norm);
  }
}
