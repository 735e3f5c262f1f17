import { CONVERSIONS, convertSae } from '../../sae/convert';
import type { ConvertOptions } from '../../sae/convert';
import { InputError } from '../../matching/errors';
import type { CanonicalSae } from '../../sae/canonical';
import { listSaes } from '../../sae/catalogue';
import { loadSae } from '../../sae/load-sae';
import { cases, loadOf, TOLERANCE, worst } from './library-cases';
import { memorySource } from './memory-source';

const whole = cases.filter(([, , { joint }]) => joint === undefined);
const ways = CONVERSIONS.flatMap((to) => [false, true].map((fold) => ({ to, fold, degenerate: 'error' }) as const));

/** Converts an SAE and reads it again. */
async function converted(
  name: string,
  sae: CanonicalSae,
  options: Omit<ConvertOptions, 'file'>
): Promise<CanonicalSae> {
  const files = convertSae(sae, { ...options, file: name });
  const source = memorySource(new Map(files.map((file) => [file.name, Buffer.concat(file.chunks)])));
  const [entry] = await listSaes(source);
  return loadSae(source, entry!);
}

const isFoldable = ({ header, threshold }: CanonicalSae): boolean =>
  header.gauge !== 'theta' || threshold!.every((value) => value > 0);

/** Whether SAELens has such an SAE: it has no group maxima, no top-k of transcoders, and no ranks but two kinds of them. */
function isOfSaelens({ header, encoder, decoder, skip, selectScale }: CanonicalSae, fold: boolean): boolean {
  if (header.activation === 'groupmax') return false;
  if (header.activation !== 'topk') return true;
  const isTranscoder = skip !== null || encoder.columns !== decoder.columns;
  // What ranks plain activations of rows of any norm ranks by the norms' inverse once they are of unit norm.
  return !isTranscoder && !(fold && selectScale === null);
}

describe.each(ways)('converting to $to, folded: $fold', (way) => {
  it.each(whole)('changes nothing of what an SAE computes: %s', async (name, folder, expected) => {
    const sae = await loadOf(folder, expected.path);
    if (way.fold && !isFoldable(sae)) return;
    if (way.to === 'saelens' && !isOfSaelens(sae, way.fold)) {
      expect(() => convertSae(sae, { ...way, file: name })).toThrow(InputError);
      return;
    }
    expect(worst(await converted(name, sae, way), expected)).toBeLessThan(TOLERANCE);
  });
});
