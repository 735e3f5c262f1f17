import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { homeFolder, openHome } from '../../infra/home';
import { cacheFolder } from '../../transport/cache-folder';
import { EnvironmentError } from '../../matching/errors';
import { removeTemporaryFolders, temporaryFolder } from './support/temporary-home';

afterAll(removeTemporaryFolders);

test('the home is SAE_MATCH_HOME, else below the XDG data folder, else below the home directory', () => {
  const env = { HOME: '/h', XDG_DATA_HOME: '/data', SAE_MATCH_HOME: '/own' };
  expect(homeFolder(env)).toBe('/own');
  expect(homeFolder({ ...env, SAE_MATCH_HOME: '' })).toBe('/data/sae-match');
  expect(homeFolder({ HOME: '/h' })).toBe('/h/.local/share/sae-match');
});

test('the cache is below the XDG cache folder, else below the home directory', () => {
  expect(cacheFolder({ HOME: '/h', XDG_CACHE_HOME: '/cache' })).toBe('/cache/sae-match');
  expect(cacheFolder({ HOME: '/h' })).toBe('/h/.cache/sae-match');
});

test('opening a home creates its folders', () => {
  const base = temporaryFolder();
  const home = openHome({ SAE_MATCH_HOME: join(base, 'a', 'b'), XDG_CACHE_HOME: join(base, 'c') });
  expect([home.dir, home.logs, home.cache].map((folder) => existsSync(folder))).toEqual([true, true, true]);
});

test('a home that cannot be written is refused with the folder and the variable to change', () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  const open = (): unknown => openHome({ SAE_MATCH_HOME: join(file, 'home'), XDG_CACHE_HOME: temporaryFolder() });
  expect(open).toThrow(EnvironmentError);
  expect(open).toThrow(`${join(file, 'home')}: the folder cannot be written (found ENOTDIR`);
  expect(open).toThrow('Point SAE_MATCH_HOME at a folder that you can write');
});
