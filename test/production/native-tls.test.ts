import { createProductionPlace } from '../support/production-place';
import { describeMutualTls } from '../integration/support/mutual-tls';

const place = createProductionPlace(process.env.SAE_MATCH_TEST_SERVER!);

afterAll(() => place.remove());

describe('a server with mutual TLS of its own', () => {
  const { server, folder } = place;
  const { address, namespace, certificates } = server;
  const env = { SAE_MATCH_HOME: place.env.SAE_MATCH_HOME!, SAE_MATCH_CACHE: place.env.SAE_MATCH_CACHE! };
  describeMutualTls(() => ({ address, namespace, certificates, folder, env }));
});
