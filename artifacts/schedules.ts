import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { ArtifactCorruptError, InputError, UsageError } from '../matching/errors';
import { VERSION } from '../matching/version';
import { ObjectNotFoundError, type ObjectStore } from './store/object-store';

const SCHEDULE_SCHEMA = 'sae-match/schedule@1';
const CLAIM_SCHEMA = 'sae-match/checkpoint-claim@1';
const ENDED_SCHEMA = 'sae-match/checkpoint-ended@1';
const UNREADABLE_SCHEMA = 'sae-match/checkpoint-unreadable@1';
const BACKFILL_SCHEMA = 'sae-match/schedule-backfill@1';

const scheduleSchema = z.object({
  schema: z.literal(SCHEDULE_SCHEMA),
  name: z.string(),
  /** Place that the training saves its checkpoints in. */
  source: z.string(),
  /** File that says that a checkpoint is complete; null: it is when it has not changed for a while. */
  marker: z.string().nullable(),
  settle_seconds: z.number().nonnegative(),
  /** What the runs have in common: the specification of one, without its checkpoint and the previous one. */
  spec: z.record(z.string(), z.json()),
  /** How features are compared with those of the previous checkpoint. */
  drift: z.object({ kept: z.number(), unmatched: z.number() }),
  /** Checkpoints that were there before the schedule; they are not matched while they stay as they were. */
  baseline: z.array(z.object({ checkpoint: z.string(), step: z.int(), fingerprint: z.string() })),
});

const claimSchema = z.object({
  schema: z.literal(CLAIM_SCHEMA),
  checkpoint: z.string(),
  step: z.int(),
  fingerprint: z.string(),
  run_id: z.string(),
  /** The resolved specification of the run. */
  spec: z.json(),
});

const endedSchema = z.object({ schema: z.literal(ENDED_SCHEMA), run_id: z.string(), state: z.string() });
const unreadableSchema = z.object({
  schema: z.literal(UNREADABLE_SCHEMA),
  checkpoint: z.string(),
  /** Of its files as they were. */
  fingerprint: z.string(),
  /** Version of sae-match that could not read it. */
  version: z.string(),
  reason: z.string(),
});
const backfillSchema = z.object({ schema: z.literal(BACKFILL_SCHEMA), from: z.int(), to: z.int() });

/** What a schedule matches and how; field names as in its JSON. */
export type StoredSchedule = z.infer<typeof scheduleSchema>;
/** The one run of a checkpoint; field names as in its JSON. */
export type CheckpointClaim = z.infer<typeof claimSchema>;
/** Why a checkpoint cannot be matched while its files are as they were; field names as in its JSON. */
export type UnreadableCheckpoint = Pick<z.infer<typeof unreadableSchema>, 'checkpoint' | 'fingerprint' | 'reason'>;
/** Steps of the baseline that are matched all the same, both ends included. */
export type BackfillRange = Pick<z.infer<typeof backfillSchema>, 'from' | 'to'>;

/**
 * The records of one schedule in a store, in `schedules/<name>/`. Each is created once and never replaced: of several
 * processes that write one at the same time, the first wins, and all of them read what it wrote.
 */
export class ScheduleRecords {
  private readonly folder: string;

  /** @throws UsageError when the name is not usable as that of a folder */
  constructor(
    private readonly store: ObjectStore,
    name: string
  ) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
      throw new UsageError('not usable as the name of a schedule', {
        found: JSON.stringify(name),
        expected: "at most 64 letters, digits, '.', '_' and '-', the first a letter or digit",
      });
    }
    this.folder = `schedules/${name}`;
  }

  /**
   * Creates the schedule; one that exists with the same options keeps its baseline.
   *
   * @returns the schedule as it is stored, and whether this call created it
   * @throws UsageError when there is one of this name with other options
   */
  async create(wanted: Omit<StoredSchedule, 'schema'>): Promise<{ schedule: StoredSchedule; created: boolean }> {
    const schedule: StoredSchedule = { schema: SCHEDULE_SCHEMA, ...wanted };
    const stored = await this.createOnce(this.key, schedule, scheduleSchema);
    const fields = Object.keys(scheduleSchema.shape) as (keyof StoredSchedule)[];
    const other = fields.find(
      (field) => field !== 'baseline' && !isDeepStrictEqual(stored.value[field], schedule[field])
    );
    if (other === undefined) return { schedule: stored.value, created: stored.created };
    const part = other === 'spec' ? differingKey(stored.value.spec, schedule.spec) : '';
    throw new UsageError('there is another schedule of this name', {
      file: this.store.url(this.key),
      field: `${other}${part && `.${part}`}`,
      found: JSON.stringify(part ? stored.value.spec[part] : stored.value[other]),
      expected: JSON.stringify(part ? schedule.spec[part] : schedule[other]),
      remedy: 'Choose another name, or give the options that it was created with',
    });
  }

  /** @throws InputError when there is none */
  async read(): Promise<StoredSchedule> {
    const schedule = await this.readRecord(this.key, scheduleSchema);
    if (schedule !== null) return schedule;
    throw new InputError('there is no record of the schedule', {
      file: this.store.url(this.key),
      expected: 'the file that schedule create writes',
      remedy: 'Create the schedule again with the same options and --out',
    });
  }

  /** The run of a checkpoint: that of `claim`, or the one that was claimed before. */
  async claim(claim: Omit<CheckpointClaim, 'schema'>): Promise<CheckpointClaim> {
    const key = this.checkpointKey('checkpoints', claim.checkpoint);
    return (await this.createOnce(key, { schema: CLAIM_SCHEMA, ...claim }, claimSchema)).value;
  }

  /** The claim of a checkpoint; null while it has none. */
  async claimOf(checkpoint: string): Promise<CheckpointClaim | null> {
    return this.readRecord(this.checkpointKey('checkpoints', checkpoint), claimSchema);
  }

  /** All claims, in no particular order. */
  async claims(): Promise<CheckpointClaim[]> {
    return this.readAll('checkpoints', claimSchema);
  }

  /** Records that the run of a checkpoint ended without a result, so that it is not started again. */
  async markEnded({ checkpoint, run_id }: CheckpointClaim, state: string): Promise<void> {
    const key = this.checkpointKey('ended', checkpoint);
    await this.createOnce(key, { schema: ENDED_SCHEMA, run_id, state }, endedSchema);
  }

  /** How runs ended that have no result, by run id. */
  async ended(): Promise<ReadonlyMap<string, string>> {
    return new Map((await this.readAll('ended', endedSchema)).map(({ run_id, state }) => [run_id, state]));
  }

  /** Records why a checkpoint cannot be matched as it is, so that its files are not read again before they change. */
  async markUnreadable({ checkpoint, fingerprint, reason }: UnreadableCheckpoint): Promise<void> {
    const state = createHash('sha256').update(`${fingerprint} ${VERSION}`).digest('hex').slice(0, 12);
    const key = this.checkpointKey('unreadable', checkpoint, `.${state}`);
    const record = { schema: UNREADABLE_SCHEMA, checkpoint, fingerprint, version: VERSION, reason } as const;
    await this.createOnce(key, record, unreadableSchema);
  }

  /** What this version could not read, in no particular order: a checkpoint may be there in several states. */
  async unreadable(): Promise<readonly UnreadableCheckpoint[]> {
    return (await this.readAll('unreadable', unreadableSchema)).filter(({ version }) => version === VERSION);
  }

  async addBackfill({ from, to }: BackfillRange): Promise<void> {
    const key = `${this.folder}/backfill/${from}-${to}.json`;
    await this.createOnce(key, { schema: BACKFILL_SCHEMA, from, to }, backfillSchema);
  }

  async backfills(): Promise<readonly BackfillRange[]> {
    return this.readAll('backfill', backfillSchema);
  }

  private get key(): string {
    return `${this.folder}/schedule.json`;
  }

  private checkpointKey(kind: 'checkpoints' | 'ended' | 'unreadable', checkpoint: string, state = ''): string {
    return `${this.folder}/${kind}/${encodeURIComponent(checkpoint)}${state}.json`;
  }

  private async readAll<S extends z.ZodType>(kind: string, schema: S): Promise<z.infer<S>[]> {
    const records: z.infer<S>[] = [];
    for (const key of await this.store.list(`${this.folder}/${kind}/`)) {
      const record = await this.readRecord(key, schema);
      if (record !== null) records.push(record);
    }
    return records;
  }

  private async createOnce<S extends z.ZodType>(
    key: string,
    value: z.infer<S>,
    schema: S
  ): Promise<{ value: z.infer<S>; created: boolean }> {
    const stored = await this.readRecord(key, schema);
    if (stored !== null) return { value: stored, created: false };
    try {
      await this.store.put(key, Buffer.from(`${JSON.stringify(value, null, 2)}\n`), { ifAbsent: true });
      return { value, created: true };
    } catch (error) {
      if (!(error instanceof ArtifactCorruptError)) throw error;
      // Another process was first.
      const first = await this.readRecord(key, schema);
      if (first === null) throw error;
      return { value: first, created: false };
    }
  }

  private async readRecord<S extends z.ZodType>(key: string, schema: S): Promise<z.infer<S> | null> {
    try {
      return schema.parse(JSON.parse((await this.store.get(key)).toString('utf8')));
    } catch (cause) {
      if (cause instanceof ObjectNotFoundError) return null;
      if (!(cause instanceof z.ZodError || cause instanceof SyntaxError)) throw cause;
      const found = cause instanceof z.ZodError ? cause.issues[0]!.message : cause.message;
      throw new ArtifactCorruptError('a record of a schedule is broken', { file: this.store.url(key), found, cause });
    }
  }
}

function differingKey(a: StoredSchedule['spec'], b: StoredSchedule['spec']): string {
  return Object.keys({ ...a, ...b }).find((key) => !isDeepStrictEqual(a[key], b[key])) ?? '';
}
