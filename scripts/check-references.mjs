import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Compares objectives with reference optima computed by scipy, and re-proves every matching:
 *
 *   SAE_MATCH_DATA=<folder with narrow/, wide/, wide-ckpt2/, reference/> npm run check:references [set …]
 *
 * Exits with 1 when an objective differs by more than 1e-9 of its value, or a proof does not hold.
 */
const DATA = process.env.SAE_MATCH_DATA;
const MODES = {
  'dec-unfolded': ['--weights', 'decoder', '--no-fold'],
  'dec-folded': ['--weights', 'decoder'],
  'all-unfolded': ['--weights', 'all', '--no-fold'],
  'all-folded': ['--weights', 'all'],
};
const TOLERANCE = 1e-9;

function main(wanted) {
  if (DATA === undefined || !existsSync(join(DATA, 'reference'))) {
    console.error('sae-match: set SAE_MATCH_DATA to the folder that holds the reference data (README there).');
    process.exit(1);
  }
  const sets = wanted.length > 0 ? wanted : readdirSync(join(DATA, 'reference'));
  console.log(['set', 'pair', 'mode', 'objective', 'difference', 'gap', 'proved', 'seconds'].join('\t'));
  let failed = 0;
  for (const set of sets) {
    const reference = JSON.parse(readFileSync(join(DATA, 'reference', set, 'objectives.json'), 'utf8'));
    for (const [pair, objectives] of Object.entries(reference)) {
      for (const [mode, expected] of Object.entries(objectives)) failed += checkOne(set, pair, mode, expected) ? 0 : 1;
    }
  }
  console.log(failed === 0 ? 'all equal and proved' : `${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

function checkOne(set, pair, mode, expected) {
  const [source, target] = pair.split('-to-').map((name) => saeOf(set, name));
  const out = mkdtempSync(join(tmpdir(), 'sae-match-reference-'));
  try {
    const row = JSON.parse(program('pair', source, target, '--out', out, '--json', ...MODES[mode]));
    const proof = JSON.parse(program('verify', out, '--json'));
    const difference = Math.abs(row.objective - expected) / expected;
    const numbers = [
      row.objective,
      difference.toExponential(1),
      proof.gap.toExponential(1),
      proof.ok,
      row.seconds.toFixed(1),
    ];
    console.log([set, pair, mode, ...numbers].join('\t'));
    return difference <= TOLERANCE && proof.ok;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** `layer_3` of the set itself; `ckpt2-layer_3` is of the set; without the prefix it is then of `wide`. */
function saeOf(set, name) {
  const [folder, layer] = name.startsWith('ckpt2-')
    ? [set, name.slice('ckpt2-'.length)]
    : [set === 'wide-ckpt2' ? 'wide' : set, name];
  return `${join(DATA, folder)}#${layer.replace('layer_', '')}`;
}

function program(...args) {
  return execFileSync(process.execPath, ['dist/cli/main.js', ...args], { encoding: 'utf8', maxBuffer: 2 ** 26 });
}

main(process.argv.slice(2));
