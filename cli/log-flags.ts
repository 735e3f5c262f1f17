import type { LogLevel } from '@temporalio/worker';
import { Option } from 'commander';
import type { Command } from 'commander';
import { UsageError } from '../matching/errors';
import type { LogFormat } from '../workers/log/format-record';

/** Flags of a verb that writes a log, as the command line parser hands them over. */
export interface LogFlags {
  readonly logFormat: string;
  readonly logLevel: string;
}

const LEVELS: readonly LogLevel[] = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'];
const LEVEL_NAMES = LEVELS.map((level) => level.toLowerCase()).join(' | ');
const FORMATS = 'auto | json | text';

export function withLogFlags(command: Command): Command {
  return command
    .addOption(
      new Option('--log-format <format>', `${FORMATS}: auto writes text to a terminal, else JSON`)
        .default('auto')
        .env('SAE_MATCH_LOG_FORMAT')
    )
    .addOption(new Option('--log-level <level>', LEVEL_NAMES).default('info').env('SAE_MATCH_LOG_LEVEL'));
}

/** @param isTerminal whether the log goes to one */
export function parseLogFlags(
  { logFormat, logLevel }: LogFlags,
  isTerminal: boolean
): { readonly logFormat: LogFormat; readonly logLevel: LogLevel } {
  return { logFormat: parseFormat(logFormat, isTerminal), logLevel: parseLevel(logLevel) };
}

function parseFormat(text: string, isTerminal: boolean): LogFormat {
  if (text === 'json' || text === 'text') return text;
  if (text === 'auto') return isTerminal ? 'text' : 'json';
  throw new UsageError('unknown format of the log', { field: '--log-format', found: text, expected: FORMATS });
}

function parseLevel(text: string): LogLevel {
  const level = LEVELS.find((candidate) => candidate === text.toUpperCase());
  if (level !== undefined) return level;
  throw new UsageError('unknown log level', { field: '--log-level', found: text, expected: LEVEL_NAMES });
}
