import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import type { ScheduleHandle } from '@temporalio/client';

import { hasRunManifest } from '../../artifacts/run-manifest';
import { ScheduleRecords } from '../../artifacts/schedules';
import type { CheckpointClaim } from '../../artifacts/schedules';
import { openStore } from '../../artifacts/store/open-store';
import type { CheckpointState } from '../../cli/schedule/checkpoint-states';
import { scheduleId } from '../../cli/schedule/server-schedules';
import { findServer } from '../../infra/temporal/server-record';
import { connectClient } from '../../workers/connect';
import { configuredServer, plainServer } from '../../workers/connection';
import type { RunSpec } from '../../workflows/run-types';
import { expectCode, runProgram } from './program';
import type { Finished } from './program';
import type { RunPlace } from './run-place';

/** The claim of a checkpoint, with its specification as such. */
export type Claim = Omit<CheckpointClaim, 'spec'> & { readonly spec: RunSpec };
export type Execution = Awaited<ReturnType<Client['workflow']['list']>> extends AsyncIterable<infer E> ? E : never;

/** A schedule, and what can be seen of it from outside. */
export class WatchedSchedule {
  /**
   * @param out folder or URL of its results
   * @param env of its commands, and so of the worker that they start
   */
  constructor(
    private readonly place: Pick<RunPlace, 'home' | 'env'>,
    readonly out: string,
    private readonly env: Readonly<Record<string, string>> = place.env,
    readonly name = 'live'
  ) {}

  /** Creates it, with looks that come by themselves only where `flags` ask for them. */
  async create(source: string, ...flags: string[]): Promise<Finished> {
    const every = flags.includes('--every') ? [] : ['--every', '1h'];
    const created = await this.command('create', source, '--out', this.out, ...every, ...flags);
    expectCode(created, 0);
    return created;
  }

  /** Runs `sae-match schedule <verb> <name> <args>` to its end. */
  command(verb: string, ...args: string[]): Promise<Finished> {
    return runProgram(['schedule', verb, this.name, ...args], this.env);
  }

  /** Has it look once, and waits until that look has ended. */
  async look(): Promise<void> {
    const before = (await this.looks()).length;
    await this.atServer((client) => this.handle(client).trigger('ALLOW_ALL'));
    await this.looked(before + 1);
  }

  /** Waits until it has looked so often. */
  async looked(count: number): Promise<void> {
    for (;;) {
      const ends = (await this.looks()).map(({ status }) => status.name);
      if (ends.length >= count && !ends.includes('RUNNING')) {
        expect(new Set(ends)).toEqual(new Set(['COMPLETED']));
        return;
      }
      await sleep(200);
    }
  }

  /** Its looks that the server knows. */
  async looks(): Promise<Execution[]> {
    const all = await this.executions('checkpointWatch');
    return all.filter(({ workflowId }) => workflowId.startsWith(`sae-match-schedule/${this.name}-`));
  }

  /** Has it look for every interval of a time that is over, all at once. */
  async backfillLooks(times: { readonly start: Date; readonly end: Date }): Promise<void> {
    await this.atServer((client) => this.handle(client).backfill({ ...times, overlap: 'ALLOW_ALL' }));
  }

  /** Its claims in order of step. */
  async claims(): Promise<Claim[]> {
    const claims = await new ScheduleRecords(openStore(this.out), this.name).claims();
    return (claims as unknown as Claim[]).sort((a, b) => a.step - b.step);
  }

  /** Waits until these checkpoints have runs with results. */
  async done(...checkpoints: string[]): Promise<Claim[]> {
    for (;;) {
      const claims = (await this.claims()).filter(({ checkpoint }) => checkpoints.includes(checkpoint));
      const ends = await Promise.all(claims.map((one) => hasRunManifest(openStore(this.out), one.run_id)));
      if (ends.length === checkpoints.length && ends.every(Boolean)) return claims;
      await sleep(200);
    }
  }

  /** What `schedule show --json` says of its checkpoints. */
  async shown(): Promise<readonly CheckpointState[]> {
    const shown = await this.command('show', '--json');
    expectCode(shown, 0);
    return (JSON.parse(shown.stdout) as { checkpoints: CheckpointState[] }).checkpoints;
  }

  /** Waits until `schedule show` says this state of a checkpoint. */
  async shows(checkpoint: string, state: CheckpointState['state']): Promise<CheckpointState> {
    for (;;) {
      const found = (await this.shown()).find((one) => one.checkpoint === checkpoint);
      if (found?.state === state) return found;
      await sleep(300);
    }
  }

  /** The workflows of a type that the server knows. */
  async executions(type: 'modelMatch' | 'checkpointWatch'): Promise<Execution[]> {
    const query = `WorkflowType = '${type}' AND TaskQueue = '${this.env.SAE_MATCH_TASK_QUEUE ?? 'sae-match'}'`;
    return this.atServer(async (client) => {
      const found: Execution[] = [];
      for await (const execution of client.workflow.list({ query })) found.push(execution);
      return found;
    });
  }

  /** Ids of the runs that the server knows. */
  async runs(): Promise<string[]> {
    return (await this.executions('modelMatch')).map(({ workflowId }) => workflowId.replace('sae-match/', '')).sort();
  }

  private handle(client: Client): ScheduleHandle {
    return client.schedule.getHandle(scheduleId(this.name));
  }

  private async atServer<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const server = configuredServer({}, this.env) ?? plainServer(findServer(this.place.home!)!.address);
    const connection = await connectClient(server);
    try {
      return await work(new Client({ connection, namespace: server.namespace }));
    } finally {
      await connection.close();
    }
  }
}
