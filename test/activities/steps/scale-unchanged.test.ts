import { join } from 'node:path';
import { scaleUnchanged } from '../../../activities/steps/scale-unchanged';
import { silentContext } from '../../../activities/task-context';
import { loadSae } from '../../../sae/load-sae';
import { resolveSaeArgument } from '../../../sae/sae-argument';
import { readScale } from '../../../sae/scale/give-scale';
import { scratchFolder } from '../../sae/support';
import { ungatedSae, writeExport, writeSaes } from '../../support/ungated-saes';

const scratch = scratchFolder();
const VALUES = Array.from({ length: 16 }, (_, i) => i + 0.25);

describe('a scale whose files were fixed before', () => {
  const [location] = writeSaes(join(scratch, 'saes'), [ungatedSae('relu', 1)]);
  const choice = writeExport(join(scratch, 'export'), VALUES);

  it('is given as it was read, without reading it again', async () => {
    const { source, entry } = await resolveSaeArgument(location!);
    const place = { source, entry };
    const read = await readScale(entry.header!, choice, place);
    const gone = { choice: join(scratch, 'gone'), files: read.files };
    const stored = await loadSae(source, entry);
    const { sae, files } = await scaleUnchanged(stored, { ...gone, read }, place, silentContext);
    expect([...sae.scale!]).toEqual(VALUES);
    expect(files).toEqual(read.files);
    await expect(scaleUnchanged(stored, gone, place, silentContext)).rejects.toThrow('the scale cannot be read');
  });

  it('is read when it is needed, and is an error where it changed', async () => {
    const { source, entry } = await resolveSaeArgument(location!);
    const sae = await loadSae(source, entry);
    const { files } = await readScale(entry.header!, choice, { source, entry });
    const scale = { choice, files };
    expect([...(await scaleUnchanged(sae, scale, { source, entry }, silentContext)).sae.scale!]).toEqual(VALUES);
    writeExport(choice, [...VALUES].reverse());
    const changed = scaleUnchanged(sae, scale, { source, entry }, silentContext);
    await expect(changed).rejects.toThrow('the export changed since it was first looked at');
  });
});
