import { join, relative } from 'node:path';
import { describeChains, findExplanations } from '../descriptions';
import { EXIT } from '../exit-codes';
import type { Output } from '../output';
import { findManifest } from '../runs';
import { RunResults } from '../run-results';
import { resolveRun } from '../spec/resolve-spec';
import { bestChains, closingLine, printChain, printPairs, warnFailures } from '../summary';
import type { AddVerb } from '../verb';
import { carryOut } from './run';

/** The examples of the package, or of the clone. */
const EXAMPLES = join(__dirname, '../../../examples');
const CHAINS_SHOWN = 5;

/** `sae-match demo`, also as `npm run demo`: a run over the example SAEs, with more explanation than a run prints. */
export const addDemo: AddVerb = (program, action) =>
  program
    .command('demo')
    .summary('match the example SAEs and explain what was found')
    .action(action((output) => demo(output)));

async function demo(output: Output): Promise<number> {
  output.note('Matching the SAEs of all-MiniLM-L6-v2: 7 hidden states, 1,024 features each, 384 dimensions.');
  output.note('Everything runs here: a Temporal server, a worker, and this command, which follows the run.');
  const run = resolveRun(join(EXAMPLES, 'minilm-l6'), {});
  const before = await findManifest(run.spec.out, run.runId);
  if (before?.state !== 'done') await carryOut({ ...output, print: () => undefined }, run, false);
  const manifest = await findManifest(run.spec.out, run.runId);
  if (manifest === null) return EXIT.failed;
  const results = new RunResults(run.spec.out, manifest);
  output.print();
  await printPairs(output, results);
  warnFailures(output, results);
  output.print();
  output.print(
    `The strongest chains: one feature followed through the layers, ranked by the smallest decoder cosine of`
  );
  output.print(`its steps. Beside each feature the tokens that activate it most; they were not used for the matching.`);
  output.print();
  const chains = bestChains(await results.chains(), CHAINS_SHOWN);
  const descriptions = await describeChains(findExplanations(run.spec.source), manifest, chains);
  for (const chain of chains) {
    printChain(output, chain, descriptions);
    output.print();
  }
  printNext(output, results);
  return EXIT.done;
}

function printNext(output: Output, results: RunResults): void {
  const { run_id: id } = results.manifest;
  output.print(closingLine(results));
  output.print(`results: ${results.location}`);
  output.print();
  output.print('What to try next:');
  const command = 'npx sae-match';
  const examples = relative(process.cwd(), EXAMPLES) || '.';
  const next = [
    [`${command} verify ${id}`, 're-prove every matching from the SAEs, with other code'],
    [`${command} chains ${id} --feature 3:117`, 'the chain through one feature'],
    [`${command} inspect ${examples}/minilm-l6#3`, 'what one SAE looks like'],
    [`${command} run ${examples}/minilm-l6 --pairs all`, 'match every pair of layers, not only neighbours'],
    [`python ${examples}/read_results.py sae-match-out`, 'read the tables with pandas, polars and DuckDB'],
  ] as const;
  for (const [line, what] of next) output.print(`  ${line.padEnd(52)} ${what}`);
}
