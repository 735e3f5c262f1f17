import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { createTileThreads } = require('../dist/activities/tiles/tile-threads.js');
const { matchPair } = require('../dist/matching/match-pair.js');
const { proveOptimality } = require('../dist/matching/verification/prove-optimality.js');

/** Multiply-adds up to which a result is proved again; the independent check takes about 1 ns for each. */
const MOST_TO_PROVE = 1e12;

/**
 * Times `matchPair` from rows in memory to a certified result, threads and sessions included.
 *
 * @param budget bytes the process may use, the rows that are loaded included
 */
export async function timedMatch(source, target, { budget, threads }) {
  const availableMemory = budget - process.memoryUsage.rss();
  const began = performance.now();
  const tiles = createTileThreads({ device: 'cpu', threads, throwIfCancelled: () => undefined });
  const matching = await matchPair(source, target, { availableMemory }, { tiles });
  const seconds = (performance.now() - began) / 1000;
  const { objective, passes, certificate, device, fallbacks } = matching;
  const figures = {
    seconds,
    // Time of the sparse solver, where the engine says it.
    solver: matching.seconds?.solver ?? null,
    rss: peakMemory(),
    objective,
    gap: certificate.gap,
    passes,
    storage: matching.storage ?? null,
    device,
    fallbacks,
  };
  return { matching, figures };
}

/** Whether the project's independent check proves the result; null where it would take too long. Not timed. */
export function proved({ features: source }, { features: target }, matching) {
  const width = source.parts.reduce((sum, { rows }) => sum + rows.columns, 0);
  if (source.count * target.count * width > MOST_TO_PROVE) return null;
  const { targetFeature, cost, certificate } = matching;
  const { sourceDual, targetDual } = certificate;
  return proveOptimality({ source, target, targetFeature, cost, sourceDual, targetDual }).holds;
}

/** Peak resident memory of this process in bytes. */
function peakMemory() {
  return process.resourceUsage().maxRSS * 1024;
}
