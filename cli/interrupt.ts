import { CancelledError } from '../matching/errors';

/** Turns SIGINT, SIGTERM, and the end of whoever reads the output, into a CancelledError of whatever is waited for. */
export interface Interrupt {
  /** Whether a signal arrived. */
  readonly interrupted: boolean;
  readonly signal: AbortSignal;
  /** The outcome of `work`, unless a signal comes first. @throws CancelledError */
  during<T>(work: Promise<T>): Promise<T>;
  dispose(): void;
}

export function createInterrupt(): Interrupt {
  const controller = new AbortController();
  let reject: (error: Error) => void = () => undefined;
  const arrived = new Promise<never>((_, refuse) => (reject = refuse));
  arrived.catch(() => undefined);
  const onSignal = (): void => {
    controller.abort();
    reject(new CancelledError());
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGPIPE', onSignal);
  return {
    get interrupted() {
      return controller.signal.aborted;
    },
    signal: controller.signal,
    during: (work) => Promise.race([work, arrived]),
    dispose: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
      process.off('SIGPIPE', onSignal);
    },
  };
}
