// Runs before everything else, also on old versions of Node.js: no syntax or module name newer than Node 12 here.
import { readFileSync } from 'fs';

/** Ends the process with one sentence when this Node.js is older than `engines.node` of package.json. */
export function checkNode() {
  const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const needed = engines.node.replace('>=', '');
  if (isOlder(process.versions.node, needed)) {
    console.error(
      `sae-match needs Node.js ${needed} or later, and this is ${process.versions.node}. ` +
        `Install a newer one from https://nodejs.org or with a version manager (nvm install 20), and try again.`
    );
    process.exit(1);
  }
}

function isOlder(found, needed) {
  const [a, b] = [found, needed].map((version) => version.split('.').map(Number));
  for (let i = 0; i < 3; i++) {
    if (a[i] !== b[i]) return a[i] < b[i];
  }
  return false;
}
