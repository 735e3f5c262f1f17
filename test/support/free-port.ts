import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A port of this address that nothing listens on now. */
export function freePort(address = '127.0.0.1'): Promise<number> {
  const server = createServer();
  return new Promise((done) => {
    server.listen(0, address, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => {
        done(port);
      });
    });
  });
}
