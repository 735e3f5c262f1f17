import { prepareGoProgram } from './go-program.mjs';

/** The release whose server and schema tool are checked; docs/temporal-server.md names it too. */
const RELEASE = { folder: 'temporal-server', version: '1.29.1', time: '2-4 minutes' };

/** Temporal's production server and the tool that sets up its databases, of the user's cache or built with Go once. */
export async function prepareTemporalServer() {
  const program = await prepareGoProgram({
    ...RELEASE,
    name: 'temporal-server',
    goPackage: 'go.temporal.io/server/cmd/server',
    purpose: 'the Temporal server',
  });
  const sqlTool = await prepareGoProgram({
    ...RELEASE,
    name: 'temporal-sql-tool',
    goPackage: 'go.temporal.io/server/cmd/tools/sql',
    purpose: "the Temporal server's schema tool",
  });
  return { program, sqlTool };
}
