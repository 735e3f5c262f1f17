import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { Failure, orFail } from '../../scripts/lib/failure.mjs';
import { at } from '../../scripts/lib/paths.mjs';
import { progress } from '../../scripts/lib/run.mjs';
import { table } from '../markdown.mjs';
import { prepareBench } from '../prepare.mjs';

/** What is read: formats and sizes of real SAEs. */
const rows = {
  npz: { kind: 'npz', features: 16384, width: 2304 },
  float32: { kind: 'float32', features: 16384, width: 2304 },
  bfloat16: { kind: 'bfloat16', features: 65536, width: 2304 },
  '131k': { kind: 'bfloat16', features: 131072, width: 4096 },
};
/** Each is read so often, the files being in the cache of the system; the fastest counts, for both. */
const TIMES = 3;

/** `npm run bench:reading [-- ROW …]`: reads and folds SAEs from the local disk, and has numpy do the same. */
export function main(names) {
  return orFail(async () => {
    const wanted = names.length === 0 ? Object.keys(rows) : names;
    const unknown = wanted.find((name) => !Object.hasOwn(rows, name));
    if (unknown !== undefined) {
      throw new Failure(`sae-match: bench:reading knows ${Object.keys(rows).join(', ')}; found "${unknown}".`);
    }
    const python = await prepareBench();
    console.log(
      table(
        columns,
        wanted.map((name) => measure(name, python))
      )
    );
  });
}

function measure(name, python) {
  const { kind, features, width } = rows[name];
  const folder = at(`.cache/bench/reading-${name}`);
  const script = (what) => [at('bench/reading/saes.py'), what, kind, folder, String(features), String(width)];
  progress(`${name}: writing`);
  execFileSync(python, script('write'), { stdio: ['ignore', 'ignore', 'inherit'] });
  const bytes = readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
  const fastest = (program, args) => {
    const runs = Array.from({ length: TIMES }, () =>
      JSON.parse(execFileSync(program, args, { stdio: ['ignore', 'pipe', 'inherit'] }))
    );
    return {
      ...runs.reduce((best, run) => (run.seconds < best.seconds ? run : best)),
      rss: Math.max(...runs.map(({ rss }) => rss)),
    };
  };
  progress(`${name}: reading`);
  const ours = fastest(process.execPath, [at('bench/reading/ours.mjs'), folder]);
  const numpy = fastest(python, script('read'));
  rmSync(folder, { recursive: true });
  return { name, kind, features, width, bytes, layer: features * width * 2 * 4, ours, numpy };
}

const mb = (bytes) => Math.round(bytes / 1e6);
const columns = {
  row: ({ name, kind }) => (name === kind ? name : `${name} (${kind})`),
  'features × d_model': ({ features, width }) => `${features} × ${width}`,
  'file MB': ({ bytes }) => mb(bytes),
  s: ({ ours }) => ours.seconds.toFixed(2),
  'MB/s': ({ bytes, ours }) => mb(bytes / ours.seconds),
  'numpy s': ({ numpy }) => numpy.seconds.toFixed(2),
  'numpy / ours': ({ ours, numpy }) => (numpy.seconds / ours.seconds).toFixed(2),
  'peak RSS MB': ({ ours }) => mb(ours.rss),
  'limit MB': ({ layer }) => mb(layer * 1.5 + 200e6),
};
