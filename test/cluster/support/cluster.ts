import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { isServing } from '../../../infra/temporal/server-health';
import { startFaultProxy } from '../../support/fault-proxy';
import type { FaultProxy } from '../../support/fault-proxy';
import { startGcsEmulator } from '../../support/gcs-emulator';
import type { GcsEmulator } from '../../support/gcs-emulator';
import { freePort } from '../../support/free-port';
import { PROGRAM, withoutServer } from '../../support/program';
import { createSmallDisk } from '../../support/small-disk';
import type { SmallDisk } from '../../support/small-disk';
import { createClock } from './clock';
import type { Clock } from './clock';
import { createHosts } from './hosts';
import type { Host, Hosts } from './hosts';
import { Service } from '../../support/service';

/** A worker process on a host of its own, with a disk for its cache and a clock. */
export interface ClusterWorker {
  readonly host: Host;
  readonly service: Service;
  /** Null where no file system can be mounted. */
  readonly disk: SmallDisk | null;
  readonly clock: Clock;
}

/** Server, workers and bucket as a cluster has them: real processes, on hosts of their own as far as the machine allows it. */
export interface Cluster {
  readonly folder: string;
  readonly bucket: string;
  readonly server: Service;
  /** `host:port` of the server. */
  readonly address: string;
  readonly workers: readonly ClusterWorker[];
  readonly hosts: Hosts;
  readonly emulator: GcsEmulator;
  /** Between everything and the emulator. */
  readonly proxy: FaultProxy;
  /** For commands of this cluster's users. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const NAMES = ['a', 'b', 'c'];
const TASK_QUEUE = 'cluster';
/** Holds the folded layers of a run and not much more. */
const DISK_BYTES = 96 * 2 ** 20;

export async function startCluster(): Promise<Cluster> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sae-match-cluster-')));
  const hosts = createHosts(NAMES);
  const emulator = await startGcsEmulator();
  const bucket = 'cluster';
  await emulator.upload(bucket, new Map());
  const proxy = await startFaultProxy(emulator.url, hosts.address);
  const address = `${hosts.address}:${await freePort(hosts.address)}`;
  const env = {
    SAE_MATCH_HOME: join(folder, 'home'),
    SAE_MATCH_TASK_QUEUE: TASK_QUEUE,
    TEMPORAL_ADDRESS: address,
    STORAGE_EMULATOR_HOST: proxy.url,
  };
  const server = startServer(folder, address);
  while (!(await isServing(address))) await sleep(100);
  const workers = hosts.hosts.map((host) => startWorker(folder, host, env));
  return {
    ...{ folder, bucket, server, address, workers, hosts, emulator, proxy, env },
    close: async () => {
      await Promise.all([server, ...workers.map(({ service }) => service)].map((service) => service.close()));
      await Promise.all([proxy.close(), emulator.close()]);
      for (const { disk } of workers) disk?.remove();
      hosts.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function startServer(folder: string, address: string): Service {
  const [ip, port] = address.split(':') as [string, string];
  // Its inner services find each other on the loopback interface only.
  const listening = ip === '127.0.0.1' ? ip : '0.0.0.0';
  const flags = ['server', 'start-dev', '--headless', '--ip', listening, '--port', port, '--log-level', 'warn'];
  return new Service({
    command: [process.env.SAE_MATCH_TEMPORAL!, ...flags, '--db-filename', join(folder, 'temporal.db')],
    env: withoutServer(process.env),
    logFile: join(folder, 'server.log'),
  });
}

function startWorker(folder: string, host: Host, env: Readonly<Record<string, string>>): ClusterWorker {
  const own = join(folder, host.name);
  mkdirSync(own);
  const disk = createSmallDisk(DISK_BYTES);
  const clock = createClock(join(own, 'clock'));
  const flags = ['--match-slots', '1', '--metrics', '127.0.0.1:0', '--grace', '1', '--checkpoint', '1'];
  const [first, ...rest] = [...host.prefix, process.execPath, PROGRAM, 'worker', ...flags] as [string, ...string[]];
  const service = new Service({
    command: [first, ...rest],
    env: {
      ...withoutServer(process.env),
      ...env,
      ...clock.env,
      SAE_MATCH_CACHE: disk?.folder ?? join(own, 'cache'),
    },
    logFile: join(folder, `${host.name}.log`),
  });
  return { host, service, disk, clock };
}
