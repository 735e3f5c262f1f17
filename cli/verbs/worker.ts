import { availableParallelism } from 'node:os';
import { Option } from 'commander';
import { defaultSlots } from '../../activities/planning/pair-work';
import { CHECKPOINT_SECONDS } from '../../activities/steps/match-checkpoint';
import type { MatchPool } from '../../activities/steps/match-resources';
import { chooseDevice } from '../../kernels/choose-device';
import { UsageError } from '../../matching/errors';
import { configuredServer, plainServer } from '../../workers/connection';
import { deploymentVersion } from '../../workers/deployment-version';
import { POOLS } from '../../workers/pools';
import { EXIT, exitCodeOfError } from '../exit-codes';
import { parseLogFlags, withLogFlags } from '../log-flags';
import type { LogFlags } from '../log-flags';
import { parsePools } from '../parse-pools';
import { serverChoice, withServerFlags } from '../server-flags';
import type { ServerFlags } from '../server-flags';
import { defaultMemoryBudget } from '../../infra/machine';
import { EMBEDDED_SERVER_FLAG, taskQueueName } from '../session';
import { parseBytes } from '../../transport/parse-bytes';
import { DEVICE_CHOICES, parseDevices } from '../spec/parse-device';
import type { AddVerb } from '../verb';

interface WorkerFlags extends ServerFlags, LogFlags {
  readonly embeddedServer?: string;
  readonly pools: string;
  readonly deployment?: string;
  readonly buildId?: string;
  readonly matchSlots?: string;
  readonly memoryBudget?: string;
  readonly device: string;
  readonly checkpoint: string;
  readonly metrics: string;
  readonly metricsGroup?: string;
  readonly grace: string;
}

export const addWorker: AddVerb = (program, action) =>
  withLogFlags(withServerFlags(program.command('worker'), 'none'))
    .summary('run a worker process until it is told to stop')
    .description(
      'Takes work from a Temporal server until SIGTERM or SIGINT; then finishes what it is doing within the grace time.\n' +
        'The embedded server gets its worker by itself.'
    )
    .option('--pools <list>', 'kinds of work to take', POOLS.join(','))
    .option(
      '--match-slots <count>',
      'matches at once (default: one for each core; one for each device that is no CPU, or of several)'
    )
    .option('--device <name>', `where to compute matches, one or several: ${DEVICE_CHOICES}`, 'auto')
    .option('--memory-budget <size>', 'memory this process may use, such as 4GiB (default: 70 % of the machine)')
    .option('--metrics <host:port>', 'where /metrics is served; port 0 takes a free one', '127.0.0.1:9464')
    .option('--metrics-group <name>', 'label worker_group of every metric, such as the name of a group of like workers')
    .option('--grace <seconds>', 'time for running work to finish when told to stop', '30')
    .option('--deployment <name>', 'take work of one build only, as a version of this Worker Deployment of Temporal')
    .option('--build-id <id>', 'name of the build (default: the version and a hash of the program)')
    .option('--checkpoint <seconds>', 'how often a long match saves its state', String(CHECKPOINT_SECONDS))
    .addOption(new Option(`${EMBEDDED_SERVER_FLAG} <host:port>`).hideHelp())
    .addHelpText(
      'after',
      '\nExamples:\n  sae-match worker --address temporal:7233\n  sae-match worker --pools match --match-slots 1\n' +
        '  sae-match worker --pools match --device cuda:0,cuda:1'
    )
    .action(
      action(async (_, flags: WorkerFlags) => {
        const { embeddedServer } = flags;
        const server =
          embeddedServer === undefined ? configuredServer(serverChoice(flags)) : plainServer(embeddedServer);
        if (server === null) {
          throw new UsageError('no Temporal server given', {
            field: '--address',
            remedy:
              'Give --address or --profile, or set TEMPORAL_ADDRESS; run and watch start an embedded server with its worker.',
          });
        }
        // What is configured for other servers does not apply to the embedded one.
        const version = embeddedServer === undefined ? deploymentVersion(flags) : null;
        // Loading Temporal's worker takes longer than most other verbs take as a whole.
        const { runWorker } = await import('../../workers/run-worker.js');
        const options = {
          server,
          taskQueue: taskQueueName(),
          pools: parsePools(flags.pools),
          version,
          resources: await resourcesOf(flags),
          metricsAddress: flags.metrics,
          metricsGroup: flags.metricsGroup ?? null,
          graceSeconds: wholeNumber(flags.grace, '--grace', 0),
          ...parseLogFlags(flags, process.stderr.isTTY),
        };
        try {
          await runWorker(options);
          return EXIT.done;
        } catch (error) {
          // The log has said what is wrong.
          return exitCodeOfError(error);
        }
      })
    );

async function resourcesOf(flags: WorkerFlags): Promise<MatchPool> {
  const { memoryBudget, matchSlots } = flags;
  const devices = await Promise.all(parseDevices(flags.device).map(chooseDevice));
  return {
    memoryBudget: memoryBudget === undefined ? defaultMemoryBudget() : parseBytes(memoryBudget, '--memory-budget'),
    slots:
      matchSlots === undefined
        ? defaultSlots(devices, availableParallelism())
        : wholeNumber(matchSlots, '--match-slots', 1),
    devices,
    checkpointSeconds: wholeNumber(flags.checkpoint, '--checkpoint', 0),
  };
}

function wholeNumber(text: string, field: string, least: number): number {
  if (/^\d{1,6}$/.test(text) && Number(text) >= least) return Number(text);
  throw new UsageError('not a usable number', { field, found: text, expected: `a whole number of at least ${least}` });
}
