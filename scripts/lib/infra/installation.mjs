import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { at } from '../paths.mjs';
import { progress } from '../run.mjs';

/** The user of the images. */
const USER = '10001';
/** Bound of what is installed, in MB: what a new dependency may cost is decided, not found out. */
const MOST_MEGABYTES = 250;

/**
 * Executes what the Dockerfiles run, into an empty prefix, and uses what was installed as a container would: as another
 * user, with all file systems read-only but those of state, cache and temporary files. Needs root, for the user and the
 * file systems. Returns what is wrong.
 */
export function checkInstallation() {
  if (process.getuid() !== 0) return ['must be run as root, to become another user'];
  const scratch = mkdtempSync(join(tmpdir(), 'sae-match-install-'));
  chmodSync(scratch, 0o755);
  const prefix = join(scratch, 'prefix');
  try {
    progress('installing into an empty prefix (about two minutes) ...');
    const installed = spawnSync('sh', [at('infra/containers/install.sh'), at('.'), prefix], { encoding: 'utf8' });
    if (installed.status !== 0) return [`install.sh: ${installed.stdout.slice(-2000)}${installed.stderr.slice(-2000)}`];
    return [...tooLarge(prefix), ...useIt(scratch, prefix)];
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function tooLarge(prefix) {
  const megabytes = Number(/^\d+/.exec(spawnSync('du', ['-sm', prefix], { encoding: 'utf8' }).stdout)[0]);
  console.log(`installed: ${megabytes} MB`);
  return megabytes > MOST_MEGABYTES ? [`${megabytes} MB are installed, more than ${MOST_MEGABYTES}`] : [];
}

function useIt(scratch, prefix) {
  const { version } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
  for (const folder of ['state', 'cache', 'tmp', 'saes']) mkdirSync(join(scratch, folder));
  spawnSync('cp', ['-R', `${at('examples/minilm-l6')}/.`, join(scratch, 'saes')]);
  spawnSync('chmod', ['-R', 'a+rX', join(scratch, 'saes')]);
  const run = (...args) => runConfined(scratch, prefix, args);
  const out = join(scratch, 'tmp/pair');
  const layer = (number) => `${join(scratch, 'saes')}#${number}`;
  const uses = [
    { args: ['sae-match', '--version'], says: version },
    { args: ['sae-match', 'doctor', '--out', join(scratch, 'tmp/out')], says: 'everything that is needed works' },
    {
      args: ['sh', '-c', `sae-match pair '${layer(0)}' '${layer(1)}' --out ${out} && sae-match verify ${out}`],
      says: 'certificate',
    },
    { args: ['sh', '-c', `touch ${prefix}/x ${scratch}/x`], says: 'Read-only file system', code: 1 },
    { args: ['id', '-u'], says: USER },
  ];
  return uses.flatMap(({ args, says, code = 0 }) => {
    const { status, stdout, stderr } = run(...args);
    const text = `${stdout}${stderr}`;
    if (status === code && text.toLowerCase().includes(says.toLowerCase())) return [];
    return [`${args.join(' ')}: exit code ${status}, expected ${code} and "${says}": ${text.slice(-1500)}`];
  });
}

/** Runs a program in file systems of its own, all read-only but three, as the user of the images. */
function runConfined(scratch, prefix, args) {
  const writable = ['state', 'cache', 'tmp'].map((name) => join(scratch, name));
  const script = [
    'set -e',
    'mount --make-rprivate /',
    ...writable.map((folder) => `mount -t tmpfs -o mode=0700,uid=${USER},gid=${USER} tmpfs ${folder}`),
    // The bind makes the scratch folder a mount of its own, also where it lies on another file system.
    `mount --bind / / 2>/dev/null; mount -o remount,bind,ro /`,
    `exec setpriv --reuid ${USER} --regid ${USER} --clear-groups --no-new-privs --bounding-set=-all "$@"`,
  ].join('\n');
  const [state, cache, tmp] = writable;
  const env = {
    PATH: `${prefix}/bin:${process.env.PATH}`,
    HOME: state,
    SAE_MATCH_HOME: state,
    SAE_MATCH_CACHE: cache,
    XDG_CACHE_HOME: cache,
    TMPDIR: tmp,
    NODE_ENV: 'production',
    SAE_MATCH_TEMPORAL_DOWNLOAD: 'off',
  };
  const options = { env, cwd: '/', encoding: 'utf8', timeout: 300_000 };
  return spawnSync('unshare', ['--mount', 'sh', '-c', script, 'sh', ...args], options);
}
