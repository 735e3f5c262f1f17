import { compile } from './compile.mjs';
import { Failure } from './failure.mjs';
import { installPackages } from './install.mjs';
import { at } from './paths.mjs';
import { findPostgres } from './postgres.mjs';
import { jest } from './steps.mjs';
import { prepareTemporal } from './temporal.mjs';
import { prepareTemporalServer } from './temporal-server.mjs';

/** Exit code where PostgreSQL cannot be had, so that nothing was checked. */
const NOT_RUN = 77;
const TESTS = ['test/production/', 'test/chaos/', 'test/integration/run.test.ts'];

/**
 * `npm run check:postgres [-- JEST ARGUMENTS]`: starts a production server of Temporal on PostgreSQL with mutual TLS, and
 * runs the chaos tests, the tests of a run and those of TLS on it. Ends with the line `N passed, N failed`.
 */
export async function main(jestArguments) {
  try {
    await installPackages();
    await compile();
    const postgres = await findPostgres();
    if (postgres === null) {
      console.error('sae-match: PostgreSQL is not here and cannot be installed; nothing was checked.');
      process.exitCode = NOT_RUN;
      return;
    }
    const [server, temporal] = [await prepareTemporalServer(), await prepareTemporal()];
    const env = {
      ...process.env,
      SAE_MATCH_TEMPORAL: temporal,
      SAE_MATCH_TEMPORAL_SERVER: server.program,
      SAE_MATCH_TEMPORAL_SQL_TOOL: server.sqlTool,
      SAE_MATCH_POSTGRES_BIN: postgres,
    };
    const support = at('test/production/support');
    const hooks = [`--globalSetup=${support}/start-production.ts`, `--globalTeardown=${support}/end-production.ts`];
    const chosen = jestArguments.length > 0 ? jestArguments : TESTS;
    const { passed, failed } = await jest({ env }, 'postgres', ['--runInBand', ...hooks, '--', ...chosen]);
    console.log(`\n${passed} passed, ${failed} failed`);
    process.exitCode = failed > 0 ? 1 : 0;
  } catch (error) {
    console.error(error instanceof Failure ? error.message : error);
    console.log('\n0 passed, 1 failed');
    process.exitCode = 1;
  }
}
