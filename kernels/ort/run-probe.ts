import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Outcome of using a device once. */
export interface ProbeVerdict {
  readonly works: boolean;
  /** Version of the runtime when it works, else the reason in one sentence. */
  readonly detail: string;
}

export interface RunProbeOptions {
  /** Program of the probe; default: the compiled `probe-process`. */
  readonly entry?: string;
  /** How long it may take, in milliseconds; default 30 seconds, since a cold CUDA loads hundreds of megabytes. */
  readonly limitMs?: number;
}

/**
 * The runtime's official builds for Linux and macOS keep an identifier and a database of events in the user's cache
 * folder and send them away, unless this is in the environment before they are loaded.
 */
const NO_TELEMETRY = { ORT_DISABLE_TELEMETRY: '1' };

/**
 * Probes one device in a process of its own: a driver that crashes takes its process along, one that hangs in native
 * code cannot be stopped in a thread, and both print to standard error. Any of that means "does not work"; never rejects.
 */
export function runProbe(device: string, options: RunProbeOptions = {}): Promise<ProbeVerdict> {
  const { entry = probeEntry(), limitMs = 30_000 } = options;
  return new Promise((resolve) => {
    const child = fork(entry, [device], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { ...process.env, ...NO_TELEMETRY },
    });
    const finish = (verdict: ProbeVerdict): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      resolve(verdict);
    };
    const fail = (reason: string): void => {
      finish({ works: false, detail: shorten(reason) });
    };
    const timer = setTimeout(() => {
      fail(`no answer within ${limitMs / 1000} s`);
    }, limitMs);
    child.once('message', (verdict: ProbeVerdict) => {
      if (verdict.works) finish(verdict);
      else fail(verdict.detail);
    });
    child.once('error', ({ message }) => {
      fail(message);
    });
    child.once('exit', (code, signal) => {
      fail(`the probe crashed (${signal ?? `exit code ${String(code)}`})`);
    });
  });
}

/** One line without the runtime's own source locations. */
function shorten(reason: string): string {
  if (reason.includes('ExecutionProvider_Cuda: Failed to load shared library')) {
    return 'the CUDA libraries of onnxruntime are not installed, or do not load';
  }
  const firstLine = reason.trim().split('\n')[0]!;
  const sentence = firstLine
    .replace(/^.* was (?:false|true)\. /, '')
    .replace(/^\[ONNXRuntimeError\] : \d+ : \w+ : /, '');
  return sentence.length <= 200 ? sentence : `${sentence.slice(0, 199)}…`;
}

/** The compiled program; sources that run without a build step use the one of the last build. */
function probeEntry(): string {
  const beside = join(__dirname, 'probe-process.js');
  return existsSync(beside) ? beside : join(__dirname, '../../dist/kernels/ort/probe-process.js');
}
