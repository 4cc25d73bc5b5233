/** Certificates for tests that speak TLS with real servers: an authority of their own, one for localhost, one for a client. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** Paths of PEM files. */
export interface Certificates {
  readonly ca: string;
  readonly server: CertificateFiles;
  readonly client: CertificateFiles;
  remove(): void;
}

/** Makes them with OpenSSL, valid for a day. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'wk-certificates-'));
  const openssl = (...args: string[]) => {
    const { status, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`openssl ${args[0]} failed: ${stderr ?? 'is OpenSSL installed?'}`);
  };
  const newKey = ['-newkey', 'rsa:2048', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '1',
    '-subj',
    '/CN=test authority',
  );
  const leaf = (name: string, usage: string): CertificateFiles => {
    openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    writeFileSync(
      join(folder, `${name}.ext`),
      `subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=${usage}\nbasicConstraints=CA:FALSE\n`,
    );
    const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '1', '-extfile', `${name}.ext`];
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signing);
    return { certificate: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  };
  return {
    ca: join(folder, 'ca.pem'),
    server: leaf('server', 'serverAuth'),
    client: leaf('client', 'clientAuth'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
