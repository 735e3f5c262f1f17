/**
 * What the judge knows this process by: `SAE_MATCH_JUDGE_KEY`; null where there is none, as servers of one's own often want
 * none. It never travels with a request: a history and a manifest are read by many.
 */
export function judgeKey(env: NodeJS.ProcessEnv = process.env): string | null {
  const key = env.SAE_MATCH_JUDGE_KEY?.trim() ?? '';
  return key === '' ? null : key;
}
