import { median } from './numbers.mjs';
import { decoderSide, readRows } from './raw-rows.mjs';
import { timedMatch } from './timed-match.mjs';

/*
 * node bench/ours-layers.mjs REQUEST
 *
 * Matches the adjacent layers of a model one pair after the other in this one process, as a worker does. The first
 * pair starts the threads, the others find them warm. Prints one line of JSON.
 */
const { files, features, width, budget, threads } = JSON.parse(process.argv[2]);
let reading = 0;
let source = read(files[0]);
const figures = [];
for (const file of files.slice(1)) {
  const target = read(file);
  const timed = await timedMatch(source, target, { budget, threads });
  figures.push(timed.figures);
  source = target;
}
const seconds = figures.map((pair) => pair.seconds);
const warm = figures.slice(1);
console.log(
  JSON.stringify({
    ...figures.at(-1),
    seconds: median(warm.map((pair) => pair.seconds)),
    most: Math.max(...warm.map((pair) => pair.seconds)),
    first: seconds[0],
    each: seconds,
    gap: Math.max(...figures.map(({ gap }) => gap)),
    passes: Math.max(...figures.map(({ passes }) => passes)),
    fallbacks: Math.max(...figures.map(({ fallbacks }) => fallbacks)),
    loading: reading,
    proved: null,
  })
);
process.exit();

function read(file) {
  const began = performance.now();
  const side = decoderSide(readRows(file, features, width));
  reading += (performance.now() - began) / 1000;
  return side;
}
