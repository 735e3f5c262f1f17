import { Failure } from './failure.mjs';
import { checkDisk } from './disk.mjs';
import { isFresh } from './freshness.mjs';
import { progress, runQuietly, tail } from './run.mjs';

/** Installs the packages of the lock file where they are missing or older than it. */
export async function installPackages() {
  if (isFresh('node_modules/.package-lock.json', ['package-lock.json', 'package.json'])) return;
  checkDisk();
  progress('installing packages (about a minute) ...');
  const { command, args } = npm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  const { code, output } = await runQuietly(command, args);
  if (code === 0) return;
  throw new Failure(
    `${tail(output)}\nsae-match: npm could not install the packages. Check that the npm registry is reachable ` +
      '(`npm ping`) and the folder is writable, and try again.'
  );
}

/** The npm that runs this script, else the one on PATH. */
function npm(args) {
  const script = process.env.npm_execpath;
  const own = script !== undefined && script.endsWith('npm-cli.js');
  return own ? { command: process.execPath, args: [script, ...args] } : { command: 'npm', args };
}
