import type { Command } from 'commander';
import type { Output } from './output';

/** Carries out a verb; resolves to its exit code. */
export type VerbAction<A extends unknown[]> = (output: Output, ...args: A) => Promise<number>;

/** Wraps a verb for the command line parser: global flags, errors as one sentence, exit codes. */
export type Action = <A extends unknown[]>(verb: VerbAction<A>) => (...args: A) => Promise<void>;

/** Adds one verb to the program. */
export type AddVerb = (program: Command, action: Action) => void;
