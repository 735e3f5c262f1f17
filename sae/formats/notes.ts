/** Notes that readers of several formats give. */
export const PER_TOKEN =
  'every token is normalised by itself, which no weight can express: its rows are compared as stored';
export const OWN_LAYER = 'its decoder writes to several layers: the rows for its own layer are compared';

/** Where an SAE writes to, if that is not where it reads. */
export function writesElsewhere(input: string | null, output: string | null): readonly string[] {
  return output !== null && output !== input ? [`writes to ${output}`] : [];
}
