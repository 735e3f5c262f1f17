import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../../../artifacts/store/open-store';
import type { RunManifest } from '../../../artifacts/manifest';
import { startRun } from '../../../cli/runs';
import { resolveRun } from '../../../cli/spec/resolve-spec';
import { expectCode, runProgram } from '../../support/program';
import { EXAMPLE } from '../../support/small-model';
import type { RunRequest } from '../../../workflows/run-types';
import type { Cluster } from './cluster';
import { HEARTBEAT_SECONDS } from './faults';
import { UserCommand } from './user-command';

export const LAYERS = 7;

/** Every pair of layers. */
export const PAIRS = Array.from({ length: LAYERS }, (_, a) =>
  Array.from({ length: LAYERS - 1 - a }, (_, b) => `${a}:${a + b + 1}`)
).flat();

/** A run over all pairs of the example, with a place of its own in the bucket of a cluster. */
export class ClusterRun {
  readonly out: string;
  private readonly flags;

  constructor(
    private readonly cluster: Cluster,
    readonly id: string
  ) {
    this.out = `gs://${cluster.bucket}/${id}`;
    this.flags = { out: this.out, runId: id, pairs: 'all', weights: 'all' };
  }

  /** Starts it, as the command would but for times that suit a test, and follows it by the command. */
  async start(): Promise<UserCommand> {
    const { spec } = resolveRun(EXAMPLE, this.flags);
    const execution = {
      ...{ memoryBudget: 2 ** 30, heartbeatSeconds: HEARTBEAT_SECONDS, firstPauseSeconds: 2, deadlineSeconds: 3600 },
      ...{ taskQueue: this.cluster.env.SAE_MATCH_TASK_QUEUE!, maxConcurrentPairs: 64 },
    };
    await patiently(() => this.request({ runId: this.id, spec, execution }));
    const { out, pairs, weights } = this.flags;
    const args = ['run', EXAMPLE, '--out', out, '--run-id', this.id, '--pairs', pairs, '--weights', weights];
    return new UserCommand(args, this.cluster.env);
  }

  private async request(request: RunRequest): Promise<void> {
    const { Client, Connection } = await import('@temporalio/client');
    const connection = await Connection.connect({ address: this.cluster.address });
    try {
      await startRun(new Client({ connection }), request);
    } finally {
      await connection.close();
    }
  }

  async manifest(): Promise<RunManifest> {
    const content = await openStore(this.out).get(`runs/${this.id}/manifest.json`);
    return JSON.parse(content.toString('utf8')) as RunManifest;
  }

  /** SHA-256 of every table that is the same whatever happened. */
  async tableHashes(): Promise<Readonly<Record<string, string>>> {
    const store = openStore(`${this.out}/runs/${this.id}`);
    const names = (await store.list('')).filter((name) => /^(matches|targets)\/|^chains\.parquet$/.test(name));
    const hashes = await Promise.all(
      names.map(
        async (name) =>
          [
            name,
            createHash('sha256')
              .update(await store.get(name))
              .digest('hex'),
          ] as const
      )
    );
    return Object.fromEntries(hashes);
  }

  /** Removes what no run needs, and returns what is left that the manifest does not name. */
  async orphansAfterGc(): Promise<string[]> {
    expectCode(await runProgram(['gc', '--out', this.out, '--older-than', '0s'], this.cluster.env), 0);
    const { content_keys: keys } = await this.manifest();
    const objects = await openStore(this.out).list('artifacts/');
    return objects.filter((name) => {
      const [, kind, key, file] = name.split('/') as [string, 'folded' | 'matches' | 'chains', string, string];
      return keys?.[kind].includes(key) !== true || file === 'checkpoint.bin';
    });
  }

  async expectProved(): Promise<void> {
    const verified = await runProgram(['verify', `${this.out}/runs/${this.id}`, '--json'], this.cluster.env);
    expectCode(verified, 0);
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true });
  }
}

/** A server that has just been started, or killed, may not take a request yet. */
async function patiently(request: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await request();
      return;
    } catch (error) {
      if (attempt === 60) throw error;
      await sleep(1000);
    }
  }
}
