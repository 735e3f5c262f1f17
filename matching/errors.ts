/** What every error of the project can say about itself; all fields are optional and printed in this order. */
export interface ErrorFacts {
  /** File, folder or URL at fault. */
  readonly file?: string;
  /** Field, tensor, flag or key at fault. */
  readonly field?: string;
  readonly found?: string;
  readonly expected?: string;
  /** What the user can do about it. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

/**
 * Base of all errors that are meant for a user. The message is one sentence that names the file, the field, what was
 * found, what was expected, and the remedy; the facts are kept as fields too.
 */
export class SaeMatchError extends Error {
  /** What is wrong, without saying where: equal for equal troubles. */
  readonly summary: string;
  readonly facts: ErrorFacts;

  constructor(summary: string, facts: ErrorFacts = {}) {
    super(composeMessage(summary, facts), facts.cause === undefined ? undefined : { cause: facts.cause });
    this.summary = summary;
    this.facts = facts;
  }

  /** Stable type name, also the Temporal failure type. */
  override get name(): string {
    return this.constructor.name;
  }

  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean = false;
}

/** The command line, a flag or the run specification cannot be understood (exit code 2). */
export class UsageError extends SaeMatchError {}

/** An SAE file or another input is missing, broken or does not fit; trying again cannot help. */
export class InputError extends SaeMatchError {}

/** A stored artifact or result does not have the checksum or the shape that was recorded for it. */
export class ArtifactCorruptError extends SaeMatchError {}

/** The work does not fit the memory budget. */
export class MemoryBudgetError extends SaeMatchError {}

/** A machine, disk, server or port is not usable as configured; a person has to change something. */
export class EnvironmentError extends SaeMatchError {}

/** A store, server or network did not answer; the same call may succeed later. */
export class UnavailableError extends SaeMatchError {
  override readonly retryable = true;

  /** @param retryAfterMs how long it asked to be left alone */
  constructor(
    summary: string,
    facts: ErrorFacts = {},
    readonly retryAfterMs = 0
  ) {
    super(summary, facts);
  }
}

/** What is wrong with a device: too little memory, no answer or a broken one, or results outside its bound. */
export type DeviceTrouble = 'memory' | 'lost' | 'wrong';

/** A device failed at a tile. The engine goes on with a smaller tile or another device; users see it when there is none. */
export class DeviceError extends SaeMatchError {
  override readonly retryable = true;

  constructor(
    summary: string,
    facts: ErrorFacts = {},
    readonly code: DeviceTrouble = 'lost'
  ) {
    super(summary, facts);
  }
}

/** The caller asked to stop. */
export class CancelledError extends SaeMatchError {
  constructor(what = 'the work') {
    super(`${what} was cancelled`);
  }
}

function composeMessage(summary: string, { file, field, found, expected, remedy }: ErrorFacts): string {
  const place = [file, field]
    .filter((part) => part !== undefined)
    .map(shortened)
    .join(': ');
  const observed = [
    found === undefined ? undefined : `found ${shortened(found)}`,
    expected === undefined ? undefined : `expected ${shortened(expected)}`,
  ]
    .filter((part) => part !== undefined)
    .join(', ');
  const head = [place, summary].filter((part) => part !== '').join(': ');
  const sentence = observed === '' ? head : `${head} (${observed})`;
  return remedy === undefined ? sentence : `${sentence}. ${remedy}`;
}

/** Names and texts out of broken files may be megabytes; no terminal, log or history takes such a message. */
const LONGEST_FACT = 2000;

function shortened(fact: string): string {
  return fact.length <= LONGEST_FACT ? fact : `${fact.slice(0, LONGEST_FACT)}… (${fact.length} characters)`;
}
