import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Home, openHome } from '../../../infra/home';

const created: string[] = [];

/** A new empty folder that {@link removeTemporaryFolders} removes. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sae-match-infra-')));
  created.push(folder);
  return folder;
}

/** A new empty home with a cache of its own. */
export function temporaryHome(): Home {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'cache'));
  return openHome({ SAE_MATCH_HOME: join(folder, 'home of a user'), XDG_CACHE_HOME: join(folder, 'cache') });
}

export function removeTemporaryFolders(): void {
  for (const folder of created.splice(0)) rmSync(folder, { recursive: true, force: true });
}
