import { loadCorpus } from './corpus.mjs';
import { judge } from './judge.mjs';
import { mutationOf } from './mutate.mjs';

const COLLECT_EVERY = 20;

const [seed, first, end] = process.argv.slice(2).map(Number);
const corpus = await loadCorpus();
// What nobody waits for would end the program as well.
process.on('uncaughtException', async (error) => {
  await told({ index, error: error?.stack ?? String(error) });
  process.exit(1);
});

let index = first;
for (; index < end; index++) {
  if ((index - first) % COLLECT_EVERY === 0) global.gc();
  await told({ began: index });
  const mutation = mutationOf(corpus, seed, index);
  const size = [...mutation.files.values()].reduce((sum, { length }) => sum + length, 0);
  const watch = memoryWatch();
  const start = performance.now();
  try {
    const outcome = await judge(mutation, watch.sample);
    const ms = performance.now() - start;
    await told({ index, format: mutation.format, outcome, ms, size, memory: watch.peak() });
  } catch (error) {
    await told({ index, error: error?.stack ?? String(error) });
  }
}
process.disconnect();

/**
 * The most memory since now: what JavaScript has allocated, sampled whenever the reader asks for bytes, also where no page of
 * it is in use yet; or what the process really used, when it used more than ever before.
 */
function memoryWatch() {
  const allocated = () => {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const [start, resident, before] = [allocated(), process.memoryUsage.rss(), process.resourceUsage().maxRSS];
  let most = start;
  const sample = () => (most = Math.max(most, allocated()));
  const peak = () => {
    sample();
    const { maxRSS } = process.resourceUsage();
    return Math.max(most - start, maxRSS > before ? maxRSS * 1024 - resident : 0);
  };
  return { sample, peak };
}

function told(message) {
  return new Promise((done) => process.send(message, done));
}
