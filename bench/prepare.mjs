import { compile } from '../scripts/lib/compile.mjs';
import { installPackages } from '../scripts/lib/install.mjs';
import { prepareVirtualEnvironment } from '../scripts/lib/virtual-environment.mjs';

/** Installs and compiles what the benchmark measures, and resolves to a Python that has the peers. */
export async function prepareBench() {
  await installPackages();
  await compile();
  return prepareVirtualEnvironment({
    folder: '.cache/bench-venv',
    requirements: 'bench/requirements.txt',
    purpose: 'the benchmark',
    instead: '',
  });
}
