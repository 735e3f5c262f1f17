import { createMetrics } from '../../workers/metrics';

it('counts how folded layers came to be read, and what was fetched for it', async () => {
  const { registry, observer } = createMetrics();
  observer.foldedRead({ from: 'fetched', fetchedBytes: 1000 });
  observer.foldedRead({ from: 'cached', fetchedBytes: 0 });
  observer.foldedRead({ from: 'fetched', fetchedBytes: 24 });
  const page = await registry.metrics();
  expect(page).toContain('sae_match_folded_reads_total{result="fetched"} 2\n');
  expect(page).toContain('sae_match_folded_reads_total{result="cached"} 1\n');
  expect(page).toContain('sae_match_folded_fetched_bytes_total 1024\n');
});
