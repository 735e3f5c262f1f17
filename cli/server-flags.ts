import type { Command } from 'commander';
import type { ServerChoice } from '../workers/connection';

/** Flags of every verb that speaks with a Temporal server, as the command line parser hands them over. */
export type ServerFlags = ServerChoice;

/** @param otherwise what is meant when nothing is configured */
export function withServerFlags(command: Command, otherwise = 'an embedded server'): Command {
  return command
    .option('--address <host:port>', `Temporal server (default: TEMPORAL_ADDRESS or the profile, else ${otherwise})`)
    .option('--namespace <name>', 'namespace on that server (default: TEMPORAL_NAMESPACE or the profile, else default)')
    .option('--profile <name>', "profile in the configuration file of Temporal's clients (default: TEMPORAL_PROFILE)");
}

/** Those of the flags that say which server is meant. */
export function serverChoice({ address, namespace, profile }: ServerFlags): ServerChoice {
  return { address, namespace, profile };
}
