import { existsSync, writeFileSync } from 'node:fs';

/** The clock of one program. */
export interface Clock {
  /** Why it cannot be moved; null when it can. */
  readonly notMoved: string | null;
  /** What the environment of the program needs. */
  readonly env: Readonly<Record<string, string>>;
  /** Sets its time of day, `seconds` from the real one. Durations go on as they are, as when a machine's clock is set. */
  move(seconds: number): void;
}

const LIBRARIES = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map(
  (machine) => `/usr/lib/${machine}/faketime/libfaketimeMT.so.1`
);

/** @param file where the program reads how far its clock is off */
export function createClock(file: string): Clock {
  const library = LIBRARIES.find((path) => existsSync(path));
  const move = (seconds: number): void => {
    writeFileSync(file, `${seconds < 0 ? '' : '+'}${seconds}`);
  };
  if (library === undefined) return { notMoved: 'libfaketime is not installed', env: {}, move: () => undefined };
  move(0);
  return {
    notMoved: null,
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    move,
  };
}
