import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from '../../chaos/support/chance';
import type { FaultKind } from '../../support/fault-proxy';
import type { Cluster, ClusterWorker } from './cluster';
import { fillDisk } from './fill-disk';
import type { UserCommand } from './user-command';

/** Something that happens to a cluster, and passes. */
export interface ClusterFault {
  readonly name: string;
  /** Pairs that may have been at work where it happened, and may be begun again. */
  readonly losesWork: boolean;
  /** Why it cannot happen on this machine; null when it can. */
  readonly notRun: (cluster: Cluster) => string | null;
  /** Makes it happen and pass. Returns what happened, in a few words. */
  readonly happen: (cluster: Cluster, command: UserCommand, chance: Chance) => Promise<string>;
}

/** A worker that is silent for so long is taken for lost. */
export const HEARTBEAT_SECONDS = 5;
const SILENCE_MS = (HEARTBEAT_SECONDS + 3) * 1000;

const BUCKET_FAULTS: readonly FaultKind[] = [
  'status 503',
  'status 429',
  'reset on the way up',
  'reset on the way down',
  'truncated answer',
  'corrupted on the way up',
  'corrupted on the way down',
  'lost reply',
];

const always = (): null => null;
const worker = ({ workers }: Cluster, chance: Chance): ClusterWorker => chance.one(workers);

/** A worker gets a signal that ends it, sooner or later. */
function signalled(name: string, signal: NodeJS.Signals): ClusterFault {
  return {
    name,
    losesWork: true,
    notRun: always,
    happen: (cluster, _, chance) => {
      const { host, service } = worker(cluster, chance);
      service.signal(signal);
      return Promise.resolve(`worker ${host.name}`);
    },
  };
}

export const FAULTS: readonly ClusterFault[] = [
  signalled('kill -9 of a worker', 'SIGKILL'),
  signalled('SIGTERM of a worker', 'SIGTERM'),
  {
    name: 'SIGSTOP of a worker for longer than its heartbeat',
    losesWork: true,
    notRun: always,
    happen: async (cluster, _, chance) => {
      const { host, service } = worker(cluster, chance);
      service.signal('SIGSTOP');
      await sleep(SILENCE_MS);
      service.signal('SIGCONT');
      return `worker ${host.name}`;
    },
  },
  {
    name: 'partition of a worker',
    losesWork: true,
    notRun: ({ hosts }) => hosts.notCut,
    happen: async (cluster, _, chance) => {
      const { host } = worker(cluster, chance);
      host.cut();
      await sleep(SILENCE_MS);
      host.join();
      return `worker ${host.name}`;
    },
  },
  {
    name: 'kill -9 of the server',
    losesWork: false,
    notRun: always,
    happen: ({ server }) => {
      server.signal('SIGKILL');
      return Promise.resolve('restarted on its database');
    },
  },
  {
    name: 'kill -9 of the command',
    losesWork: false,
    notRun: always,
    happen: async (_, command) => {
      await command.killAndRepeat();
      return 'given again';
    },
  },
  {
    name: 'faults of the bucket',
    losesWork: false,
    notRun: always,
    happen: async ({ proxy }, _, chance) => {
      const share = chance.number(2, 6);
      proxy.plan(
        ...BUCKET_FAULTS.map((kind) => ({ kind, times: Infinity, matches: () => chance.number(0, 8 * share) === 0 }))
      );
      await sleep(chance.number(1000, 4000));
      const happened = proxy.happened();
      proxy.plan();
      return `${happened} requests went wrong`;
    },
  },
  {
    name: 'bucket away',
    losesWork: false,
    notRun: always,
    happen: async ({ proxy }, _, chance) => {
      const kind = chance.one<FaultKind>(['status 503', 'reset on the way up', 'stall']);
      const ms = chance.number(3000, 15_000);
      proxy.plan({ kind, times: Infinity, matches: () => true });
      await sleep(ms);
      proxy.plan();
      return `${kind} for ${ms} ms`;
    },
  },
  {
    name: 'jump of the clock of a worker',
    losesWork: false,
    notRun: ({ workers }) => workers[0]!.clock.notMoved,
    happen: async (cluster, _, chance) => {
      const { host, clock } = worker(cluster, chance);
      const seconds = chance.one([-7200, -600, 600, 7200, 86_400]);
      clock.move(seconds);
      await sleep(4000);
      clock.move(0);
      return `worker ${host.name}, ${seconds} s`;
    },
  },
  {
    name: 'disk of the cache of a worker full',
    losesWork: false,
    notRun: ({ workers }) => (workers[0]!.disk === null ? 'no file system can be mounted' : null),
    happen: async (cluster, _, chance) => {
      const { host, disk } = worker(cluster, chance);
      const empty = fillDisk(disk!);
      await sleep(chance.number(2000, 6000));
      empty();
      return `worker ${host.name}`;
    },
  },
];
