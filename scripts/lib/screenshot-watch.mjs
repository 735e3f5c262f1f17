import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { compile } from './compile.mjs';
import { Failure, orFail } from './failure.mjs';
import { installPackages } from './install.mjs';
import { at } from './paths.mjs';
import { progress } from './run.mjs';
import { terminalSvg } from './terminal-svg.mjs';

const SIZE = { columns: 80, rows: 24 };
/** Of 4,950 pairs, when the picture is taken. */
const PAIRS_DONE = 1000;

/**
 * `node scripts/screenshot-watch.mjs`: draws docs/images/watch.svg anew, from the screen of `sae-match watch` in the midst of a
 * real run of all pairs of 100 tiny layers, whose worker was killed once.
 */
export function main() {
  return orFail(async () => {
    await installPackages();
    await compile();
    const { writeTinyModel } = await import('../../bench/scale/tiny-model.mjs');
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sae-match-')));
    const { NO_COLOR: _, ...inherited } = process.env;
    const env = { ...inherited, SAE_MATCH_HOME: join(folder, 'home'), SAE_MATCH_CACHE: join(folder, 'cache') };
    const sae = (...args) =>
      promisify(execFile)(process.execPath, [at('dist/cli/main.js'), ...args], { env, cwd: folder });
    try {
      writeTinyModel(join(folder, 'saes'), 100);
      await sae('run', 'saes', '--pairs', 'all', '--run-id', 'all-pairs', '--out', 'results', '--detach');
      progress('watching a run of 4,950 pairs');
      const terminal = await screenOf(['watch', 'all-pairs', '--out', 'results'], env, folder);
      writeFileSync(at('docs/images/watch.svg'), terminalSvg(terminal, SIZE));
    } finally {
      await sae('stop');
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

/** The screen of a watch when enough pairs are done. */
async function screenOf(args, env, cwd) {
  const { Terminal } = createRequire(import.meta.url)('@xterm/headless');
  const terminal = new Terminal({ cols: SIZE.columns, rows: SIZE.rows, allowProposedApi: true });
  const program = [process.execPath, at('dist/cli/main.js'), ...args];
  const child = spawn('python3', [at('test/support/on-pty.py'), String(SIZE.columns), String(SIZE.rows), ...program], {
    env: { ...env, TERM: 'xterm-256color', LANG: 'C.UTF-8' },
    cwd,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // The first line is the process id.
  let isFirst = true;
  child.stdout.on('data', (chunk) => {
    terminal.write(isFirst ? chunk.subarray(chunk.indexOf('\n') + 1) : chunk);
    isFirst = false;
  });
  let ended = false;
  child.once('close', () => (ended = true));
  let hurt = false;
  for (;;) {
    if (ended) throw new Failure('sae-match: the run ended before the picture was taken.');
    await sleep(100);
    const text = textOf(terminal);
    const done = Number(/(\d+) of 4950 pairs/.exec(text)?.[1] ?? 0);
    if (done > PAIRS_DONE / 3 && !hurt) {
      hurt = true;
      killWorker(env);
    }
    if (done > PAIRS_DONE && text.includes('the worker was lost') && /pairs\/min/.test(text)) break;
  }
  child.stdin.write('type 03\n');
  return terminal;
}

function killWorker(env) {
  const require = createRequire(import.meta.url);
  const { openHome } = require('../../dist/infra/home.js');
  const { workerStatus } = require('../../dist/infra/worker-process.js');
  const worker = workerStatus(openHome(env));
  if (worker !== undefined) process.kill(worker.pid, 'SIGKILL');
}

function textOf(terminal) {
  const { active } = terminal.buffer;
  return Array.from({ length: SIZE.rows }, (_, row) => active.getLine(active.baseY + row).translateToString(true)).join(
    '\n'
  );
}
