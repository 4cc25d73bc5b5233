/** Monitor types by name, alphabetical. */
export const monitorTypes = {
  http: () => import('./http.ts'),
  tcp: () => import('./tcp.ts'),
  tls: () => import('./tls.ts'),
};
