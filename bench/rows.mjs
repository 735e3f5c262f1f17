const EVERY_PEER = ['gemm', 'scipy', 'ortools'];
/** Memory budgets in bytes; most rows have room for everything. */
const ROOMY = 8e9;

/**
 * Rows of the benchmark by name. `kind` is what is matched: a pair of generated layers (see instance.mjs), several
 * layers of a generated model (layers.mjs), or real SAEs. `group` names rows that can be run by one word. `peers` are
 * those that can do the row on a machine of 24 GB within {@link PEER_SECONDS}.
 */
export const rows = {
  'real-size': pair(4096, 4096, 384, EVERY_PEER),
  'paper-size': pair(16384, 16384, 2304, EVERY_PEER, { wholeProcess: true }),
  '65k': pair(65536, 65536, 2304, ['gemm'], { budget: 4e9 }),
  '131k': pair(131072, 131072, 4096, ['gemm'], { budget: 12e9 }),
  wide: pair(65536, 65536, 512, ['gemm'], { budget: 4e9 }),
  rectangular: pair(4096, 16384, 384, EVERY_PEER),
  'rectangular-reversed': pair(16384, 4096, 384, EVERY_PEER),
  'no-structure': pair(8192, 8192, 512, EVERY_PEER, { input: 'no-structure' }),
  ...real('narrow', adjacent('narrow', [0, 1, 2, 3, 4, 5, 6])),
  ...real('narrow-every-pair', every('narrow', [0, 1, 2, 3, 4, 5, 6])),
  ...real('wide', adjacent('wide', [2, 3, 4])),
  ...real('wide-every-pair', every('wide', [2, 3, 4])),
  ...real('checkpoints', [
    ['wide#3', 'wide-ckpt2#3'],
    ['wide#4', 'wide-ckpt2#4'],
  ]),
  ...named('hard', {
    copies: hard('copies'),
    'noise-little': hard('noise-little'),
    'noise-half': hard('noise-half'),
    'noise-much': hard('noise-much'),
    'noise-total': hard('noise-total'),
    families: hard('families'),
    lognormal: hard('lognormal'),
    hubs: hard('hubs'),
    dead: hard('dead'),
    thresholds: hard('thresholds'),
  }),
  ...named('growth', {
    1024: growth(1024),
    2048: growth(2048),
    4096: growth(4096),
    8192: growth(8192),
    16384: growth(16384),
    32768: growth(32768),
    65536: growth(65536),
  }),
  layers: { kind: 'layers', count: 5, sources: 16384, targets: 16384, width: 2304, peers: [], budget: ROOMY },
};

/** Longest time a peer may take, in seconds. */
export const PEER_SECONDS = 3600;

/** Threads of every program that is timed. */
export const THREADS = 2;

function pair(sources, targets, width, peers, { input = 'drift', budget = ROOMY, wholeProcess = false } = {}) {
  return { kind: 'pair', input, sources, targets, width, peers, budget, wholeProcess };
}

function hard(input) {
  return pair(4096, 4096, 384, EVERY_PEER, { input });
}

/** One budget for all sizes, the one at which the largest still has to be streamed. */
function growth(features) {
  return pair(features, features, 512, ['gemm'], { budget: 4e9 });
}

/** Two rows of real SAEs, folded: decoder rows alone, and all weights. */
function real(name, pairs) {
  const row = (weights) => ({ kind: 'real', group: 'real', pairs, weights, peers: EVERY_PEER, budget: ROOMY });
  return { [`real-${name}`]: row('decoder'), [`real-${name}-all-weights`]: row('all') };
}

function adjacent(set, layers) {
  return every(set, layers).filter((_, at, all) => isNext(...all[at]));
}

function isNext(source, target) {
  return Number(target.split('#')[1]) === Number(source.split('#')[1]) + 1;
}

function every(set, layers) {
  return layers.flatMap((a) => layers.filter((b) => a < b).map((b) => [`${set}#${a}`, `${set}#${b}`]));
}

function named(group, members) {
  return Object.fromEntries(Object.entries(members).map(([name, row]) => [`${group}-${name}`, { ...row, group }]));
}
