import type { FieldProblem, ServiceInput } from '@watchkeeper/model';
import { listServices, missingDependencies, putService, type ServiceRow } from '@watchkeeper/store';
import { defineObjectKind } from './object-kind.ts';

const formOf = ({ name, title, depends_on: dependsOn }: ServiceRow) => ({ name, title, dependsOn });

export const serviceKind = defineObjectKind<ServiceInput>({
  kind: 'Service',
  topic: 'services',
  async problems(tx, tenantId, { name, dependsOn = [] }, _dependencies, together) {
    const missing = await missingDependencies(tx, tenantId, dependsOn);
    return dependsOn.flatMap((dependency, index): FieldProblem[] => {
      const pointer = `/dependsOn/${index}`;
      if (dependency === name) return [{ pointer, message: 'a service cannot depend on itself' }];
      if (!missing.includes(dependency) || together?.has(dependency)) return [];
      return [{ pointer, message: `there is no service "${dependency}"; create it first` }];
    });
  },
  async put(tx, tenantId, input) {
    const { before, after } = await putService(tx, tenantId, input);
    return { before: before && formOf(before), after: formOf(after) };
  },
  list: async (tx, tenantId) => (await listServices(tx, tenantId)).map(formOf),
});
