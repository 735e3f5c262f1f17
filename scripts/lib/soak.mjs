import { compile } from './compile.mjs';
import { orFail } from './failure.mjs';
import { installPackages } from './install.mjs';
import { progress } from './run.mjs';
import { prepareTemporal } from './temporal.mjs';

/** `npm run soak`: 210 pairs in one worker; exit code 1 when its memory grows. See bench/soak.mjs. */
export function main() {
  return orFail(async () => {
    await installPackages();
    await compile();
    process.env.SAE_MATCH_TEMPORAL = await prepareTemporal();
    const { soak } = await import('../../bench/soak.mjs');
    progress('matching 210 pairs in one worker (some minutes) ...');
    process.exitCode = (await soak()) ? 0 : 1;
  });
}
