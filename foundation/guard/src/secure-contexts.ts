import { createSecureContext, type SecureContext, type SecureVersion } from 'node:tls';

export interface TlsChoices {
  readonly minVersion: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  /** Certificates (PEM) that are trusted instead of the known roots. */
  readonly ca?: string;
}

const contexts = new Map<string, SecureContext>();

/** One context per set of choices: making one loads every trusted root and costs milliseconds. */
export function secureContext({ minVersion, ca = '' }: TlsChoices): SecureContext {
  const key = `${minVersion} ${ca}`;
  let context = contexts.get(key);
  if (context === undefined) {
    context = createSecureContext({
      minVersion: minVersion as SecureVersion,
      ...(ca === '' ? {} : { ca }),
      ...(minVersion < 'TLSv1.2' ? { ciphers: 'DEFAULT@SECLEVEL=0' } : {}),
    });
    contexts.set(key, context);
  }
  return context;
}
