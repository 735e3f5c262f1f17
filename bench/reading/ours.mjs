import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { foldSae } = require('../../dist/sae/canonical-file.js');
const { loadSae } = require('../../dist/sae/load-sae.js');
const { resolveSaeArgument } = require('../../dist/sae/sae-argument.js');

/** `node bench/reading/ours.mjs SAE`: reads and folds an SAE. Prints one line of JSON. */
const [argument] = process.argv.slice(2);
const before = process.memoryUsage().rss;
const began = performance.now();
const { source, entry } = await resolveSaeArgument(argument);
foldSae(await loadSae(source, entry), { degenerate: 'error', file: argument, reuse: true });
const seconds = (performance.now() - began) / 1000;
console.log(JSON.stringify({ seconds, before, rss: process.resourceUsage().maxRSS * 1024 }));
