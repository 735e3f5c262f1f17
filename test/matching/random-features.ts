import type { Features } from '../../matching/features';
import type { FoldedLayer } from '../../matching/folding';
import type { MatchSide } from '../../matching/match-pair';
import { rowsFromArray } from '../../matching/row-matrix';
import type { RowMatrix } from '../../matching/row-matrix';

/** A small reproducible generator (mulberry32) of numbers in [0, 1). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Decoder-only features `[count, width]` from a function of (feature, element). */
export function featuresFrom(count: number, width: number, value: (i: number, k: number) => number): Features {
  const data = new Float32Array(count * width);
  for (let i = 0; i < count; i++) for (let k = 0; k < width; k++) data[i * width + k] = value(i, k);
  const rows = rowsFromArray(data, count, width);
  return { count, parts: [{ name: 'decoder', weight: 1, rows }], excluded: new Uint8Array(count) };
}

/** A folded layer from a function of the feature: decoder rows first, then encoder rows, then biases. */
export function layerFrom(
  features: number,
  widths: { readonly decoder: number; readonly encoder: number },
  value: (i: number) => number
): FoldedLayer {
  const rows = (width: number): RowMatrix =>
    rowsFromArray(
      Float32Array.from({ length: features * width }, (_, at) => value(Math.floor(at / width))),
      features,
      width
    );
  return {
    features,
    decoder: rows(widths.decoder),
    encoder: rows(widths.encoder),
    encoderBias: rows(1).blocks[0]!,
    excluded: new Uint8Array(features),
  };
}

/** What `matchPair` takes for decoder-only features. */
export function sideOf(features: Features): MatchSide {
  const { rows } = features.parts[0]!;
  return { features, report: { decoder: rows, encoder: rows, folded: null } };
}
