import { UsageError } from '../errors';
import { PARTS_OF_MODE } from '../features';
import type { PartName, PartWeights } from '../features';

const PARTS = PARTS_OF_MODE.all;
/** Further apart, squared norms could leave the range of float64. */
const SMALLEST = 1e-30;
const LARGEST = 1e30;

/**
 * Parses the weights of parts, given as a text such as `decoder=1,encoder=0.5` or as a mapping. The parts come back in
 * their own order, each as it was given.
 *
 * @throws UsageError when a part is unknown or named twice, or a weight is not 0 or a number from 1e-30 to 1e30
 */
export function parsePartWeights(given: string | Readonly<Record<string, number>>): PartWeights {
  const weights = new Map<PartName, number>();
  for (const [name, weight] of typeof given === 'string' ? given.split(',').map(entry) : Object.entries(given)) {
    const part = PARTS.find((known) => known === name);
    if (part === undefined) throw wrong(JSON.stringify(name), `the parts ${PARTS.join(', ')}`);
    if (weights.has(part)) throw wrong(`${name} twice`, 'each part once');
    if (!isWeight(weight)) throw wrong(`${name}=${weight}`, `weights of 0, or from ${SMALLEST} to ${LARGEST}`);
    // Adding 0 makes -0 the same run as 0.
    weights.set(part, weight + 0);
  }
  if (weights.size === 0) throw wrong('nothing', 'weights such as decoder=1,encoder=0.5');
  return Object.fromEntries(PARTS.filter((part) => weights.has(part)).map((part) => [part, weights.get(part)!]));
}

function entry(item: string): [string, number] {
  const match = /^\s*([a-z]+)\s*=\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*$/i.exec(item);
  if (match === null) throw wrong(JSON.stringify(item), 'weights such as decoder=1,encoder=0.5');
  return [match[1]!, Number(match[2])];
}

const isWeight = (weight: number): boolean => weight === 0 || (weight >= SMALLEST && weight <= LARGEST);

function wrong(found: string, expected: string): UsageError {
  return new UsageError('cannot be read as weights of parts', { field: '--part-weights', found, expected });
}
