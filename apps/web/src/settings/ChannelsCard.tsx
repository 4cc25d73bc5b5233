import { useQuery } from '@tanstack/react-query';
import type { AlertChannel } from '@watchkeeper/model';
import { clockText, millisecondsText } from '@watchkeeper/model/light';
import { useState } from 'react';
import { api, useMay } from '../api.ts';
import { DeleteDialog } from '../components/DeleteDialog.tsx';
import { Empty, Failure } from '../components/Failure.tsx';
import { Icon } from '../components/Icon.tsx';
import { Skeleton } from '../components/Skeleton.tsx';
import { ChannelForm } from './ChannelForm.tsx';

/** Who is told, how, and of what; and what became of the last message. */
export function ChannelsCard() {
  const mayEdit = useMay('editor');
  const mayOperate = useMay('operator');
  const [edited, edit] = useState<AlertChannel | 'new'>();
  const [deleting, remove] = useState<AlertChannel>();
  const [tested, setTested] = useState<{ readonly name: string; readonly text: string; readonly isGood: boolean }>();
  const channels = useQuery({
    queryKey: ['channels'],
    queryFn: () => api.call('listAlertChannels'),
    refetchInterval: 10_000,
  });
  if (channels.data === undefined) {
    return channels.error === null ? (
      <Skeleton height={200} />
    ) : (
      <Failure error={channels.error} onRetry={() => void channels.refetch()} />
    );
  }
  const test = async (name: string) => {
    setTested({ name, text: 'Sending a test notification', isGood: true });
    try {
      const { delivered, answer, error, durationMs } = await api.call('testAlertChannel', {
        params: { name },
        body: {},
      });
      setTested({
        name,
        text: `${delivered ? 'Delivered' : 'Not delivered'} in ${millisecondsText(durationMs)}: ${answer ?? error ?? ''}`,
        isGood: delivered,
      });
    } catch (problem) {
      setTested({ name, text: (problem as Error).message, isGood: false });
    }
  };
  return (
    <section className="card">
      <header>
        <h2 className="h2">Channels</h2>
        <span className="s dim">who is told, how, and of what</span>
        <span className="sp" />
        {mayEdit ? (
          <button type="button" className="btn primary sm" onClick={() => edit('new')}>
            <Icon name="plus" />
            New channel
          </button>
        ) : null}
      </header>
      {tested === undefined ? null : (
        <div className={`notice ${tested.isGood ? 'is-ok' : 'is-failed'}`} role="status" style={{ margin: 14 }}>
          <b>{tested.name}</b>: {tested.text}
        </div>
      )}
      {channels.data.items.length === 0 ? (
        <Empty
          sentence="Nobody is told when something breaks."
          {...(mayEdit
            ? {
                action: (
                  <button type="button" className="btn" onClick={() => edit('new')}>
                    New channel
                  </button>
                ),
              }
            : {})}
          command="watchkeeper alert channel put -f channel.yaml"
        />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section className="wide" aria-label="Channels" tabIndex={0}>
          <table>
            <thead>
              <tr>
                {['Name', 'Type', 'Tells of', 'Where', 'Last delivery', ''].map((title) => (
                  <th key={title} scope="col">
                    {title === '' ? <span className="visually-hidden">Actions</span> : title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {channels.data.items.map((channel) => (
                <tr key={channel.name}>
                  <td>
                    {channel.name} {channel.paused ? <span className="dim">(paused)</span> : null}
                  </td>
                  <td>{channel.type}</td>
                  <td>{[...channel.states, ...(channel.resolved ? ['resolved'] : [])].join(', ')}</td>
                  <td className="sub">
                    {channel.environments.join(', ') || 'all environments'};{' '}
                    {channel.services.join(', ') || 'all services'}
                  </td>
                  <td>
                    <LastDelivery channel={channel} />
                  </td>
                  <td className="num">
                    <span className="row" style={{ justifyContent: 'flex-end' }}>
                      {mayOperate ? (
                        <button type="button" className="btn sm" onClick={() => void test(channel.name)}>
                          Test
                        </button>
                      ) : null}
                      {mayEdit ? (
                        <>
                          <button type="button" className="btn sm" onClick={() => edit(channel)}>
                            Edit
                          </button>
                          <button type="button" className="btn sm danger" onClick={() => remove(channel)}>
                            Delete
                          </button>
                        </>
                      ) : null}
                    </span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {edited === undefined ? null : (
        <ChannelForm {...(edited === 'new' ? {} : { present: edited })} onClose={() => edit(undefined)} />
      )}
      {deleting === undefined ? null : (
        <DeleteDialog
          kind="channel"
          name={deleting.name}
          consequence="Nobody is told through it any more; what still waits for it is given up."
          onDelete={() => api.call('deleteAlertChannel', { params: { name: deleting.name } })}
          queryKey="channels"
          onClose={() => remove(undefined)}
        />
      )}
    </section>
  );
}

function LastDelivery({ channel: { lastDelivery } }: { readonly channel: AlertChannel }) {
  if (lastDelivery === null) return <span className="dim">none yet</span>;
  const { at, delivered, error, waiting } = lastDelivery;
  return (
    <span className={delivered ? 'is-ok' : 'is-failed'} title={error ?? ''}>
      {delivered ? 'delivered' : 'failed'} {clockText(at, Date.now())}
      {waiting > 0 ? `, ${waiting} waiting` : ''}
    </span>
  );
}
