import { compile } from './compile.mjs';
import { Failure, orFail } from './failure.mjs';
import { checkChart } from './infra/chart.mjs';
import { checkChartReadme } from './infra/chart-readme.mjs';
import { checkCompose, lintDockerfiles } from './infra/compose.mjs';
import { checkInstallation } from './infra/installation.mjs';
import { prepareVirtualEnvironment } from './virtual-environment.mjs';
import { installPackages } from './install.mjs';

const checks = {
  readme: checkChartReadme,
  chart: checkChart,
  compose: checkCompose,
  dockerfiles: lintDockerfiles,
  install: checkInstallation,
};

/**
 * `npm run check:infra [-- CHECK …] [--write]`: executes what the Dockerfiles run, into an empty prefix, and uses what was
 * installed there; renders the chart with several values and validates what comes out, and the compose file, against the
 * published schemas; lints the Dockerfiles. `--write` renews the README of the chart.
 */
export function main(argv) {
  return orFail(async () => {
    await installPackages();
    await compile();
    const names = argv.filter((word) => !word.startsWith('--'));
    const unknown = names.find((name) => !(name in checks));
    if (unknown !== undefined)
      throw new Failure(`sae-match: check:infra knows ${Object.keys(checks).join(', ')}; found "${unknown}".`);
    const python = await prepareVirtualEnvironment({
      folder: '.cache/infra-venv',
      requirements: 'scripts/infra-requirements.txt',
      purpose: 'schemas of Kubernetes and the linter of Dockerfiles',
      instead: '',
    });
    const problems = [];
    for (const [name, check] of Object.entries(checks)) {
      if (names.length > 0 && !names.includes(name)) continue;
      const found = await check({ python, write: argv.includes('--write') });
      console.log(`${name}: ${found.length === 0 ? 'ok' : `${found.length} wrong`}`);
      problems.push(...found.map((problem) => `${name}: ${problem}`));
    }
    if (problems.length > 0) throw new Failure(problems.join('\n'));
  });
}
