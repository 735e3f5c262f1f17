import { availableParallelism } from 'node:os';

/** What a manifest says about the machine that wrote it. */
export function environmentFacts(): { node: string; platform: string; cores: number } {
  return {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cores: availableParallelism(),
  };
}
