/**
 * How features differ between adjacent layers, as measured on the wide SAEs of layers 2 → 3 of all-MiniLM-L6-v2: draws
 * the cosine of a matched pair of features, and the norm of a folded decoder row of the first or of a later layer.
 */
export const drift = {
  cosine: (random) => quantile(PLACES, COSINES, random()),
  firstNorm: (random) => quantile(NORM_PLACES, FIRST_NORMS, random()),
  laterNorm: (random) => quantile(NORM_PLACES, LATER_NORMS, random()),
};

const PLACES = [0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1];
const COSINES = [0.083, 0.182, 0.224, 0.293, 0.369, 0.443, 0.517, 0.582, 0.654, 0.713, 0.774, 0.815, 0.934];
const NORM_PLACES = [0, 0.05, 0.5, 0.95, 1];
const FIRST_NORMS = [0.219, 0.257, 0.319, 0.55, 2.5];
const LATER_NORMS = [0.281, 0.321, 0.375, 0.516, 2.86];

/** The value at a place in [0, 1] of a distribution that is given by some of its quantiles. */
function quantile(places, values, at) {
  let n = 1;
  while (at > places[n]) n++;
  return values[n - 1] + ((values[n] - values[n - 1]) * (at - places[n - 1])) / (places[n] - places[n - 1]);
}
