import { fillGaussian, gaussian, gaussianTable, shuffled } from './random.mjs';

/**
 * Pairs of layers that are hard in one way each, small enough to be held in memory, like those of
 * test/matching/engine/hard-inputs.ts. Each takes the number of features of either side, their width and a source of
 * random numbers, and gives functions from a feature to its row.
 */
export const hardInputs = {
  // Noise from none to total: the cosine that is left of a planted permutation.
  copies: (n, width, random) => planted(n, width, random, 1),
  'noise-little': (n, width, random) => planted(n, width, random, 0.9),
  'noise-half': (n, width, random) => planted(n, width, random, 0.6),
  'noise-much': (n, width, random) => planted(n, width, random, 0.3),
  'noise-total': (n, width, random) => planted(n, width, random, 0),
  /** Families of eight whose members hardly differ. */
  families: (n, width, random) => {
    const make = maker(n, width, random);
    const plain = make.noise();
    const source = make.rows((i, out) => {
      for (let k = 0; k < width; k++) out[k] = plain[i >> 3][k] + 1e-4 * out[k];
    });
    return pair(source, make.planted(source, 0.99));
  },
  /** Log-normal norms with σ = 1 on both sides, independent of each other. */
  lognormal: (n, width, random) => {
    const make = maker(n, width, random);
    const spread = (rows) => make.scale(rows, () => Math.exp(gaussian(random)));
    const plain = make.noise();
    const target = spread(make.planted(plain, 0.7));
    return pair(spread(plain), target);
  },
  /** Three features ten times as strong as the others along the direction that all of them share. */
  hubs: (n, width, random) => {
    const make = maker(n, width, random);
    const [shared] = make.noise();
    const source = make.rows((i, out) => {
      for (let k = 0; k < width; k++) out[k] += (i < 3 ? 3 : 0.3) * shared[k];
    });
    return pair(source, make.planted(source, 0.8));
  },
  /** 30 % zero rows on either side, not the same ones. */
  dead: (n, width, random) => {
    const make = maker(n, width, random);
    const some = (rows) => make.scale(rows, () => (random() < 0.3 ? 0 : 1));
    const plain = make.noise();
    const target = some(make.planted(plain, 0.8));
    return pair(some(plain), target);
  },
  /** Decoder rows folded with thresholds that spread a hundredfold. */
  thresholds: (n, width, random) => {
    const make = maker(n, width, random);
    const fold = (rows) => make.scale(rows, () => 10 ** (2 * random()));
    const plain = make.noise();
    const target = fold(make.planted(plain, 0.8));
    return pair(fold(plain), target);
  },
};

function planted(n, width, random, cosine) {
  const make = maker(n, width, random);
  const source = make.noise();
  return pair(source, make.planted(source, cosine));
}

function pair(source, target) {
  return { source: (i) => source[i], target: (j) => target[j] };
}

/** Makes layers as arrays of rows. */
function maker(n, width, random) {
  const table = gaussianTable(random);
  /** `change` gets the index of a row and the row, filled with Gaussian numbers. */
  const rows = (change) =>
    Array.from({ length: n }, (_, i) => {
      const row = new Float32Array(width);
      fillGaussian(row, table, random);
      change(i, row);
      return row;
    });
  return {
    rows,
    noise: () => rows(() => undefined),
    planted: (layer, cosine) => {
      const place = shuffled(n, random);
      const rest = Math.sqrt(1 - cosine * cosine);
      return rows((j, out) => {
        for (let k = 0; k < width; k++) out[k] = cosine * layer[place[j]][k] + rest * out[k];
      });
    },
    scale: (layer, factorOf) =>
      layer.map((row) => {
        const factor = factorOf();
        return row.map((value) => factor * value);
      }),
  };
}
