import { compile } from './compile.mjs';
import { Failure, orFail } from './failure.mjs';
import { prepareFakeClock } from './fake-clock.mjs';
import { prepareGcsEmulator } from './gcs-emulator.mjs';
import { installPackages } from './install.mjs';
import { progress } from './run.mjs';
import { steps } from './steps.mjs';
import { prepareTemporal } from './temporal.mjs';

/** Faults that happen to a cluster, ten of each kind. */
const FAULTS = 100;

const soaks = {
  /** 210 pairs in one worker, whose memory must not grow: bench/soak.mjs. */
  memory: async () => {
    const { soak } = await import('../../bench/soak.mjs');
    progress('matching 210 pairs in one worker (some minutes) ...');
    return soak();
  },
  /** Runs on a cluster to which faults happen: test/cluster. */
  cluster: async () => {
    await prepareFakeClock();
    const env = {
      SAE_MATCH_CLUSTER_FAULTS: String(FAULTS),
      ...process.env,
      SAE_MATCH_GCS_EMULATOR: await prepareGcsEmulator(),
    };
    progress(`disturbing a cluster ${env.SAE_MATCH_CLUSTER_FAULTS} times (a quarter of an hour) ...`);
    const { passed, failed } = await steps.cluster({ env }, []);
    return passed > 0 && failed === 0;
  },
};

/** `npm run soak [-- memory | cluster]`: the long tests; exit code 1 when one fails. */
export function main([name] = []) {
  return orFail(async () => {
    if (name !== undefined && !Object.hasOwn(soaks, name)) {
      throw new Failure(`sae-match: soak knows ${Object.keys(soaks).join(', ')}; found "${name}".`);
    }
    await installPackages();
    await compile();
    process.env.SAE_MATCH_TEMPORAL = await prepareTemporal();
    for (const soak of name === undefined ? Object.values(soaks) : [soaks[name]]) {
      if (!(await soak())) process.exitCode = 1;
    }
  });
}
