import type { Home } from './home';
import { clearDetached, markDetached, takeLease, withLifecycleLock } from './leases';
import { ensureServer, stopServer, type EmbeddedServer, type EmbeddedServerOptions } from './temporal/embedded-server';
import { ensureWorker, stopWorker, type WorkerProgram, type WorkerRecord } from './worker-process';

export interface EmbeddedOptions {
  readonly server?: EmbeddedServerOptions;
  /** The worker to run against the server's address (`host:port`); without it, none is started. */
  readonly worker?: (address: string) => WorkerProgram;
}

/** A command's use of the embedded server and worker. */
export interface EmbeddedSession {
  readonly server: EmbeddedServer;
  readonly worker: WorkerRecord | undefined;
  /** Starts the worker again if it died; without a worker in the options, does nothing. */
  reviveWorker(): Promise<void>;
  /**
   * Ends the use. The last command to leave ends worker and server, unless this or an earlier one detached. Returns
   * whether they were ended.
   */
  close(options?: { readonly detach?: boolean }): Promise<boolean>;
}

/**
 * Makes the embedded server, and a worker if asked for, available to a command, and keeps them while the command runs.
 *
 * @throws EnvironmentError as {@link ensureServer} and {@link ensureWorker} do; nothing is kept then.
 */
export async function openEmbedded(home: Home, options: EmbeddedOptions = {}): Promise<EmbeddedSession> {
  const lease = takeLease(home);
  const close: EmbeddedSession['close'] = async ({ detach = false } = {}) => {
    if (detach) markDetached(home);
    const end = await lease.release(() => stopProcesses(home));
    return end.last;
  };
  try {
    const server = await ensureServer(home, options.server);
    const program = options.worker?.(server.address);
    const worker = program === undefined ? undefined : await ensureWorker(home, program);
    const reviveWorker = async (): Promise<void> => {
      if (program !== undefined) await ensureWorker(home, program);
    };
    return { server, worker, reviveWorker, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Ends worker and server of `home`, detached or not, whoever uses them. Returns which of them ran. */
export async function stopEmbedded(home: Home): Promise<{ readonly server: boolean; readonly worker: boolean }> {
  return withLifecycleLock(home, async () => {
    clearDetached(home);
    const worker = await stopWorker(home);
    return { worker, server: await stopServer(home) };
  });
}

async function stopProcesses(home: Home): Promise<void> {
  await stopWorker(home);
  await stopServer(home);
}
