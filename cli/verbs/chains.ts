import { InputError, UsageError } from '../../matching/errors';
import type { Chain } from '../../matching/chains';
import { describeChains, findExplanations } from '../descriptions';
import type { Descriptions } from '../descriptions';
import type { Output } from '../output';
import { requireManifest, resolveRunArgument } from '../run-argument';
import { RunResults } from '../run-results';
import { bestChains, printChain } from '../summary';
import { absolute } from '../../sae/sources/location';
import type { AddVerb } from '../verb';

interface ChainsFlags {
  readonly feature?: string;
  readonly best?: string;
  readonly explanations?: string;
  readonly out?: string;
  readonly json?: boolean;
}

const DEFAULT_BEST = 20;

export const addChains: AddVerb = (program, action) =>
  program
    .command('chains')
    .summary('show feature chains of a run')
    .description('Chains are ranked by the smallest decoder cosine of their steps; chains of one feature have no step.')
    .argument('<run>', 'id of a run, or its folder')
    .option('--feature <layer:feature>', 'the chain through this feature, such as 3:117')
    .option('--best <count>', `the best chains (default: ${DEFAULT_BEST})`)
    .option('--explanations <place>', 'descriptions, as judge --descriptions takes them (default: beside the SAEs)')
    .option('--out <folder>', 'output folder in which an id is looked up (default: ./sae-match-out)')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  sae-match chains 3f9a0c1b2d4e --best 5\n  sae-match chains 3f9a0c1b2d4e --feature 3:117'
    )
    .action(action((output, argument: string, flags: ChainsFlags) => chainsVerb(output, argument, flags)));

async function chainsVerb(output: Output, argument: string, flags: ChainsFlags): Promise<number> {
  const feature = flags.feature === undefined ? null : parseFeature(flags.feature);
  const best = flags.best === undefined ? DEFAULT_BEST : parseCount(flags.best);
  const reference = await resolveRunArgument(argument, flags.out);
  const manifest = requireManifest(reference);
  const chains = await new RunResults(reference.out, manifest).chains();
  const selected = feature === null ? bestChains(chains, best) : [chainThrough(chains, feature, reference.runId)];
  const { source } = manifest.spec as { source: string };
  const { explanations } = flags;
  const place = explanations === undefined ? findExplanations(source) : absolute(explanations, process.cwd());
  const descriptions = await describeChains(place, manifest, selected);
  if (flags.json === true) output.json(selected.map((chain) => chainJson(chain, descriptions)));
  else for (const chain of selected) printChain(output, chain, descriptions);
  return 0;
}

interface FeatureName {
  readonly layer: number;
  readonly feature: number;
}

function parseFeature(text: string): FeatureName {
  const match = /^(\d+):(\d+)$/.exec(text);
  if (match !== null) return { layer: Number(match[1]), feature: Number(match[2]) };
  throw new UsageError('not a feature', { field: '--feature', found: text, expected: 'layer:feature, such as 3:117' });
}

function parseCount(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new UsageError('not a count', { field: '--best', found: text, expected: 'a whole number above 0' });
}

function chainThrough(chains: readonly Chain[], wanted: FeatureName, runId: string): Chain {
  const chain = chains.find(({ steps }) =>
    steps.some(({ layer, feature }) => layer === wanted.layer && feature === wanted.feature)
  );
  if (chain !== undefined) return chain;
  throw new InputError('no chain has this feature', {
    file: `run ${runId}`,
    field: '--feature',
    found: `${wanted.layer}:${wanted.feature}`,
    expected: 'a feature of a layer of the run that was not excluded',
  });
}

function chainJson({ id, steps, weakestCosine }: Chain, descriptions: Descriptions): object {
  const number = (value: number): number | null => (Number.isNaN(value) ? null : value);
  return {
    chain_id: id,
    smallest_cosine: number(weakestCosine),
    steps: steps.map(({ layer, feature, cost, cosine }) => ({
      layer,
      feature,
      step_cost: number(cost),
      step_cosine: number(cosine),
      description: descriptions.of(layer, feature),
    })),
  };
}
