import type { Features } from '../../../matching/features';
import { featuresFrom, randomNumbers } from '../random-features';

export interface HardInput {
  readonly name: string;
  readonly source: Features;
  readonly target: Features;
}

/** Pairs of layers that are hard in one way each; `n` features of `width` elements. */
export function hardInputs(n: number, width: number, seed = 1): HardInput[] {
  const random = randomNumbers(seed);
  const gauss = (): number => Math.sqrt(-2 * Math.log(random() + 1e-300)) * Math.cos(2 * Math.PI * random());
  const noise = (count = n): Features => featuresFrom(count, width, gauss);
  const scaled = (features: Features, scale: (i: number) => number): Features => {
    const factors = Array.from({ length: features.count }, (_, i) => scale(i));
    return featuresFrom(features.count, width, (i, k) => factors[i]! * at(features, i, k));
  };
  const planted = (features: Features, keep: number): Features => {
    const place = shuffle(n, random);
    return featuresFrom(n, width, (j, k) => keep * at(features, place[j]!, k) + Math.sqrt(1 - keep * keep) * gauss());
  };
  const plain = noise();
  const families = featuresFrom(n, width, (i, k) => at(plain, Math.floor(i / 8), k) + 1e-4 * gauss());
  const integers = (): Features => featuresFrom(n, width, () => Math.floor(random() * 3) - 1);
  const dead = scaled(noise(), () => (random() < 0.3 ? 0 : 1));
  const hub = featuresFrom(n, width, (i, k) => (i < 3 ? 3 : 0.3) * at(plain, 0, k) + gauss());
  const lognormal = (features: Features): Features => scaled(features, () => Math.exp(gauss()));
  return [
    { name: 'no structure at all', source: noise(), target: noise() },
    { name: 'a planted permutation with little noise', source: plain, target: planted(plain, 0.9) },
    { name: 'a planted permutation with much noise', source: plain, target: planted(plain, 0.3) },
    { name: 'exact copies', source: plain, target: planted(plain, 1) },
    { name: 'families of near-duplicates', source: families, target: planted(families, 0.99) },
    { name: 'exact duplicates', source: featuresFrom(n, width, (i, k) => at(plain, i >> 2, k)), target: noise() },
    { name: 'integer rows with many ties', source: integers(), target: integers() },
    { name: 'norms spread over orders of magnitude', source: lognormal(plain), target: lognormal(planted(plain, 0.7)) },
    { name: 'hubs', source: hub, target: planted(hub, 0.8) },
    {
      name: 'dead features on both sides',
      source: dead,
      target: scaled(planted(dead, 0.8), () => Number(random() > 0.3)),
    },
    { name: 'nothing but zero rows', source: featuresFrom(n, width, () => 0), target: featuresFrom(n, width, () => 0) },
    { name: 'four times as many targets', source: noise(n >> 2), target: noise() },
    { name: 'four times as many sources', source: noise(), target: noise(n >> 2) },
    { name: 'one source feature', source: noise(1), target: noise() },
    { name: 'one target feature', source: noise(), target: noise(1) },
    {
      name: 'thresholds that spread a hundredfold',
      source: scaled(plain, () => 10 ** (2 * random())),
      target: scaled(planted(plain, 0.8), () => 10 ** (2 * random())),
    },
  ];
}

function at(features: Features, i: number, k: number): number {
  const { rows } = features.parts[0]!;
  return rows.blocks[0]![i * rows.columns + k]!;
}

function shuffle(count: number, random: () => number): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
