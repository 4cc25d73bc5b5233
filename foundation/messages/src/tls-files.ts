import { type Static, Type } from 'typebox';

/** Certificates of a connection to a broker, as the text of PEM files. */
export type TlsFiles = Static<typeof TlsFiles>;
export const TlsFiles = Type.Object(
  {
    ca: Type.Optional(
      Type.String({ description: 'Authorities that may vouch for the broker; those of the system else' }),
    ),
    certificate: Type.Optional(Type.String({ description: 'Certificate that Watchkeeper shows' })),
    key: Type.Optional(Type.String({ description: 'Key of that certificate' })),
  },
  { description: 'TLS, with these certificates (PEM)', additionalProperties: false },
);

/** As Node.js names them. */
export function secureOptions({ ca, certificate, key }: TlsFiles): { ca?: string; cert?: string; key?: string } {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
  };
}
