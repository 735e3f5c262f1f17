import { join } from 'node:path';

import type { Home } from '../home';

/** The Temporal command line program, server included, that is fetched or built when the machine has none. */
export const temporalRelease = {
  version: '1.5.1',
  /** For `go install`; later releases cannot be installed that way. */
  goPackage: 'github.com/temporalio/cli/cmd/temporal',
  goVersionVariable: 'github.com/temporalio/cli/temporalcli.Version',
  /** Oldest Go toolchain that can build it, or fetch one that can. */
  minimumGo: '1.21',
  downloads: 'https://github.com/temporalio/cli/releases/download',
  /** SHA-256 of the published archives, by `<platform>_<architecture>`. */
  archiveSha256: {
    linux_amd64: 'ddc95e08b0b076efd4ea9733a3f488eb7d2be875f8834e616cd2a37358b4852d',
    linux_arm64: 'bd1b0db9f18b051026de8bf6cc1505f2510f14bbb7a8b9a4a91fff46c77454f5',
    darwin_amd64: 'bbb73e2a31135abe50a1f1cdb35030c42961df618e8ce9c60ae89f201540c5d9',
    darwin_arm64: 'cca01b7ea35ad56e2a328d9ae596bf716bd22313ef63c7a761c88354457c2415',
  } as Readonly<Record<string, string>>,
} as const;

/** Where the fetched or built program is kept. */
export function cachedTemporal(home: Pick<Home, 'cache'>): string {
  return join(home.cache, 'temporal', temporalRelease.version, 'temporal');
}
