/** Notes that readers of several formats give. */
export const PER_TOKEN =
  'every token is normalised by itself, which no weight can express: its rows are compared as stored';
export const OWN_LAYER = 'its decoder writes to several layers: the rows for its own layer are compared';

/** Where an SAE writes to, if that is not where it reads. */
export function writesElsewhere(input: string | null, output: string | null): readonly string[] {
  return output !== null && output !== input ? [`writes to ${output}`] : [];
}

/** What a user should know of one of several sites of a crosscoder. */
export function siteOfCrosscoder(sites: number, scale: string): readonly string[] {
  if (sites === 1) return [];
  return [
    `one of ${sites} sites of a crosscoder: the encoders of all sites together decide which features are active, not this one alone`,
    `the scale that is folded is ${scale}`,
  ];
}
export const SITE_NORM = 'the decoder norm at this site, which is another at each';
export const SHARED_THRESHOLD = 'the threshold that all its sites share';
export const NEVER_SET = 'its threshold was never set: it acts as a plain ReLU, and is scaled by decoder norms';
