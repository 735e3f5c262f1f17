import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate and its key, as paths of PEM files. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** Certificates of one authority, and of one that nobody trusts. */
export interface Certificates {
  /** Path of the authority's certificate. */
  readonly ca: string;
  /** For `localhost` and 127.0.0.1. */
  readonly server: KeyPair;
  readonly expiredServer: KeyPair;
  /** For `elsewhere.example`. */
  readonly otherHost: KeyPair;
  readonly client: KeyPair;
  readonly expiredClient: KeyPair;
  /** Signed by the other authority. */
  readonly foreignClient: KeyPair;
  readonly foreignCa: string;
}

/** Makes all of them with openssl in `folder`, which takes a fraction of a second. */
export function createCertificates(folder: string): Certificates {
  mkdirSync(folder, { recursive: true });
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  };
  const authority = (name: string): string => {
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.key`);
    openssl('req', '-new', '-x509', '-key', `${name}.key`, '-subj', `/CN=${name}`, '-days', '2', '-out', `${name}.pem`);
    return join(folder, `${name}.pem`);
  };
  const signed = (name: string, host: string, days = 2, by = 'ca'): KeyPair => {
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.key`);
    const extension = ['-addext', `subjectAltName=${host}`];
    openssl('req', '-new', '-key', `${name}.key`, '-subj', `/CN=${name}`, ...extension, '-out', `${name}.csr`);
    const from = ['-in', `${name}.csr`, '-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial'];
    openssl('x509', '-req', ...from, '-days', String(days), '-copy_extensions', 'copy', '-out', `${name}.pem`);
    return { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  };
  const here = 'DNS:localhost,IP:127.0.0.1';
  const ca = authority('ca');
  const foreignCa = authority('foreign-ca');
  return {
    ...{ ca, foreignCa },
    server: signed('server', here),
    expiredServer: signed('expired-server', here, -1),
    otherHost: signed('other-host', 'DNS:elsewhere.example'),
    client: signed('client', 'DNS:client'),
    expiredClient: signed('expired-client', 'DNS:client', -1),
    foreignClient: signed('foreign-client', 'DNS:client', 2, 'foreign-ca'),
  };
}
