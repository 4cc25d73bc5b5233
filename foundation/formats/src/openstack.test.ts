import { describe, expect, it } from 'vitest';
import { operationOfCall } from './openstack.ts';

describe('The name of an operation', () => {
  it.each([
    ['compute', 'servers_detail', 'servers_detail'],
    ['compute', 'compute_server', 'server'],
    ['compute', 'compute_os-services', 'os-services'],
    ['compute', 'compute_v2.1_servers', 'servers'],
    ['compute', 'compute_v2_1_servers', 'servers'],
    ['volumev3', 'volume_volumes', 'volumes'],
    ['identity', 'identity', 'identity'],
    ['identity', 'v3', 'v3'],
    ['network', '', 'root'],
  ])('of %s, called %s, is %s', (service, name, operation) => {
    expect(operationOfCall({ service, name, method: 'GET', status: '200' })).toBe(operation);
  });
});
