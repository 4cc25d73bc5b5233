import type { Overview } from '@watchkeeper/model';

/** What people call services, environments and zones. */
export function namesOf({ services, environments }: Overview) {
  const zones = new Map(environments.flatMap(({ zones: own }) => own).map((zone) => [zone.name, zone]));
  return {
    service: (name: string) => services.find((service) => service.name === name)?.title ?? name,
    environment: (name: string) => environments.find((environment) => environment.name === name)?.title ?? name,
    zone: (name: string) => zones.get(name)?.title ?? name,
    zoneCode: (name: string) => zones.get(name)?.code ?? name.slice(0, 3).toUpperCase(),
  };
}
