import type { Command } from 'commander';
import { UsageError } from '../../matching/errors';
import { parseLayers } from '../../sae/select/layers';
import { absolute } from '../../sae/sources/location';
import { refuseSecrets } from '../../sae/sources/refuse-secrets';
import type { JudgeChoice, JudgeRequest } from '../../workflows/judgement-types';
import { parseDuration } from '../spec/parse-duration';
import type { Prices } from './cost';

/** What is compared and who is asked, as the command line parser hands it over. */
export interface JudgeFlags {
  readonly descriptions: string;
  readonly explainers?: string;
  readonly samples?: string;
  readonly from?: string;
  readonly endpoint?: string;
  readonly model?: string;
  readonly requestsPerMinute?: string;
  readonly parallel?: string;
  readonly timeout?: string;
  readonly priceInput?: string;
  readonly priceOutput?: string;
  readonly dryRun?: boolean;
}

const DEFAULT_SAMPLES = 100;
const DEFAULT_PARALLEL = 4;
const MOST_PARALLEL = 256;
const DEFAULT_TIMEOUT_SECONDS = 60;

export function withJudgeFlags(command: Command): Command {
  return command
    .requiredOption(
      '--descriptions <place>',
      'folder or URL of layer_<L>.jsonl files or of a Neuronpedia export, {layer} for the layer'
    )
    .option('--explainers <list>', 'of several descriptions that of the first of these explainers (default: the first)')
    .option('--samples <count>', `features a pair of layers that are drawn to be judged (default: ${DEFAULT_SAMPLES})`)
    .option('--from <layers>', 'compare these layers with every later one as well, by way of the layers between')
    .option('--endpoint <url>', 'OpenAI-compatible server that judges, such as http://localhost:8000/v1')
    .option('--model <name>', 'model of that server')
    .option('--requests-per-minute <count>', 'most requests a minute (default: no limit)')
    .option('--parallel <count>', `questions asked at once (default: ${DEFAULT_PARALLEL})`)
    .option('--timeout <duration>', `how long to wait for an answer (default: ${DEFAULT_TIMEOUT_SECONDS}s)`)
    .option('--price-input <price>', 'of a million tokens of questions, to show what judging costs')
    .option('--price-output <price>', 'of a million tokens of answers')
    .option('--dry-run', 'say what would be asked, and ask nothing');
}

/** @throws UsageError when they cannot be understood, or do not go together */
export function judgeOptions(
  flags: JudgeFlags
): Pick<JudgeRequest, 'descriptions' | 'explainers' | 'samples' | 'from' | 'judge' | 'dryRun'> {
  return {
    descriptions: absolute(flags.descriptions, process.cwd()),
    explainers: (flags.explainers ?? '').split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()])),
    samples: flags.samples === undefined ? DEFAULT_SAMPLES : parseCount(flags.samples, '--samples', 1e7),
    from: flags.from === undefined ? [] : parseLayers(flags.from, '--from'),
    judge: judgeChoice(flags),
    dryRun: flags.dryRun === true,
  };
}

/** What tokens cost; null where that was not said. @throws UsageError */
export function pricesOf({ priceInput, priceOutput }: JudgeFlags): Prices | null {
  if (priceInput === undefined && priceOutput === undefined) return null;
  return { input: parsePrice(priceInput, '--price-input'), output: parsePrice(priceOutput, '--price-output') };
}

function judgeChoice(flags: JudgeFlags): JudgeChoice | null {
  const { endpoint, model, requestsPerMinute, parallel, timeout } = flags;
  if (endpoint === undefined) {
    const needless = NEED_ENDPOINT.find((name) => flags[name] !== undefined);
    if (needless === undefined) return null;
    const field = `--${needless.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new UsageError('nobody is asked without --endpoint', { field, expected: 'an --endpoint as well' });
  }
  if (model === undefined || model.trim() === '') {
    throw new UsageError('it is not said which model is asked', { field: '--model', found: 'nothing' });
  }
  return {
    endpoint: parseEndpoint(endpoint),
    model,
    requestsPerMinute:
      requestsPerMinute === undefined ? null : parseCount(requestsPerMinute, '--requests-per-minute', 1e6),
    parallel: parallel === undefined ? DEFAULT_PARALLEL : parseCount(parallel, '--parallel', MOST_PARALLEL),
    timeoutSeconds: timeout === undefined ? DEFAULT_TIMEOUT_SECONDS : parseTimeout(timeout),
  };
}

const NEED_ENDPOINT = [
  ...(['model', 'requestsPerMinute', 'parallel', 'timeout'] as const),
  ...(['priceInput', 'priceOutput', 'dryRun'] as const),
] satisfies readonly (keyof JudgeFlags)[];

function parseEndpoint(text: string): string {
  refuseSecrets(text);
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new UsageError('a judge cannot be asked there', {
    ...{ field: '--endpoint', found: text, expected: 'an address such as https://api.openai.com/v1' },
  });
}

function parseCount(text: string, field: string, most: number): number {
  const count = /^\d{1,9}$/.test(text.trim()) ? Number(text) : 0;
  if (count >= 1 && count <= most) return count;
  throw new UsageError('not a usable number', { field, found: text, expected: `a whole number from 1 to ${most}` });
}

function parseTimeout(text: string): number {
  const seconds = parseDuration(text, '--timeout');
  if (seconds >= 1 && seconds <= 3600) return seconds;
  throw new UsageError('not a usable time', { field: '--timeout', found: text, expected: 'from 1s to 1h' });
}

function parsePrice(text: string | undefined, field: string): number {
  const price = text === undefined ? 0 : /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : NaN;
  if (Number.isFinite(price)) return price;
  throw new UsageError('not a price', { field, found: text!, expected: 'a number such as 0.15' });
}
