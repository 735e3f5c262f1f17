import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { createTileThreads } = require('../dist/activities/tiles/tile-threads.js');
const { openFloatProducts } = require('../dist/kernels/ort/float-products.js');
const { matchPair } = require('../dist/matching/match-pair.js');
const { proveOptimality } = require('../dist/matching/verification/prove-optimality.js');

/**
 * Times `matchPair` from rows in memory to a certified result, threads and sessions included.
 *
 * @param budget bytes the process may use, the rows that are loaded included
 */
export async function timedMatch(source, target, { budget, threads }) {
  const availableMemory = budget - process.memoryUsage.rss();
  const began = performance.now();
  const tiles = createTileThreads({ device: 'cpu', threads });
  const matching = await matchPair(source, target, { availableMemory }, { tiles, now: () => performance.now() });
  const seconds = (performance.now() - began) / 1000;
  const { objective, passes, certificate, device, fallbacks } = matching;
  const figures = {
    seconds,
    solver: matching.solverSeconds,
    rss: peakMemory(),
    objective,
    gap: certificate.gap,
    passes,
    storage: matching.storage,
    device,
    fallbacks,
  };
  return { matching, figures };
}

/** Whether the project's independent check proves the result. Not timed. */
export async function proved({ features: source }, { features: target }, matching) {
  const { targetFeature, cost, certificate } = matching;
  const { sourceDual, targetDual } = certificate;
  const claim = { source, target, targetFeature, cost, sourceDual, targetDual };
  return (await proveOptimality(claim, openFloatProducts)).holds;
}

/** Peak resident memory of this process in bytes. */
function peakMemory() {
  return process.resourceUsage().maxRSS * 1024;
}
