import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { Monitor } from '@watchkeeper/model';
import { api, useMay, useZones } from '../api.ts';
import { Empty, Failure } from '../components/Failure.tsx';
import { Skeleton } from '../components/Skeleton.tsx';
import { MonitorForm } from '../form/MonitorForm.tsx';
import { useCrumbs } from '../shell/breadcrumbs.ts';
import '../monitor/monitor.css';
import '../form/form.css';

export function NewMonitorPage() {
  useCrumbs({ title: 'Monitors', to: '/monitors' }, { title: 'New monitor' });
  return <Loaded />;
}

export function EditMonitorPage() {
  const { id } = useParams({ from: '/shell/monitors/$id/edit' });
  // Read anew for each form, and not while one is open: what is typed must not be changed underneath.
  const monitor = useQuery({
    queryKey: ['monitor-form', id],
    queryFn: () => api.call('getMonitor', { params: { id } }),
    gcTime: 0,
  });
  useCrumbs(
    { title: 'Monitors', to: '/monitors' },
    { title: monitor.data?.name ?? '', to: `/monitors/${id}` },
    { title: 'Edit' },
  );
  if (monitor.data === undefined) {
    return monitor.error === null ? (
      <Skeleton height={500} />
    ) : (
      <Failure error={monitor.error} onRetry={() => void monitor.refetch()} />
    );
  }
  return <Loaded key={id} present={monitor.data} />;
}

function Loaded({ present }: { readonly present?: Monitor }) {
  const types = useQuery({
    queryKey: ['monitor-types'],
    queryFn: () => api.call('listMonitorTypes'),
    staleTime: 600_000,
  });
  const zones = useZones();
  const mayEdit = useMay('editor');
  const error = types.error ?? zones.error;
  if (!mayEdit) {
    return (
      <Empty
        sentence="To change monitors, the role editor is needed."
        action={
          <Link className="btn" to="/monitors">
            Monitors
          </Link>
        }
      />
    );
  }
  if (types.data === undefined || zones.data === undefined) {
    return error === null ? (
      <Skeleton height={500} />
    ) : (
      <Failure error={error} onRetry={() => void Promise.all([types.refetch(), zones.refetch()])} />
    );
  }
  return (
    <MonitorForm types={types.data.items} zones={zones.data.items} {...(present === undefined ? {} : { present })} />
  );
}
