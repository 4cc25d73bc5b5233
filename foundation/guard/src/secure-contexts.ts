import { createSecureContext, type SecureContext, type SecureVersion } from 'node:tls';

export interface TlsChoices {
  readonly minVersion: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
}

const contexts = new Map<string, SecureContext>();

/** One context per set of choices: making one loads every trusted root and costs milliseconds. */
export function secureContext({ minVersion }: TlsChoices): SecureContext {
  let context = contexts.get(minVersion);
  if (context === undefined) {
    context = createSecureContext({
      minVersion: minVersion as SecureVersion,
      ...(minVersion < 'TLSv1.2' ? { ciphers: 'DEFAULT@SECLEVEL=0' } : {}),
    });
    contexts.set(minVersion, context);
  }
  return context;
}
