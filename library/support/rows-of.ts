import type { FoldedLayer } from '../../matching/folding';

/** The rows alone: what goes to a thread is copied, but for the matrices. */
export function rowsOf({ features, encoder, encoderBias, decoder, excluded }: FoldedLayer): FoldedLayer {
  return { features, encoder, encoderBias, decoder, excluded };
}
