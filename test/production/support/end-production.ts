/** Ends what `start-production.ts` started, after all tests. */
export default async function endProduction(): Promise<void> {
  await (globalThis as { endProduction?: () => Promise<void> }).endProduction?.();
}
