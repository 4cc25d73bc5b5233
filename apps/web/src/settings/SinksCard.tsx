import type { Sink } from '@watchkeeper/model';
import { countText, sinkLagText, sinkTakesText } from '@watchkeeper/model/light';
import { useState } from 'react';
import { api, useMay, useSinks } from '../api.ts';
import { DeleteDialog } from '../components/DeleteDialog.tsx';
import { Empty, Failure } from '../components/Failure.tsx';
import { Icon } from '../components/Icon.tsx';
import { SinkState } from '../components/SinkState.tsx';
import { Skeleton } from '../components/Skeleton.tsx';
import { useCrumbs } from '../shell/breadcrumbs.ts';
import { RefusalsDialog } from './RefusalsDialog.tsx';
import { SinkForm } from './SinkForm.tsx';

/** Where events and rollups are forwarded, and what became of them. */
export function SinksCard() {
  useCrumbs({ title: 'Settings', to: '/settings/keys' }, { title: 'Sinks' });
  const mayEdit = useMay('editor');
  const mayOperate = useMay('operator');
  const [edited, edit] = useState<Sink | 'new'>();
  const [deleting, remove] = useState<Sink>();
  const [refusedOf, showRefusals] = useState<Sink>();
  const sinks = useSinks();
  if (sinks.data === undefined) {
    return sinks.error === null ? (
      <Skeleton height={200} />
    ) : (
      <Failure error={sinks.error} onRetry={() => void sinks.refetch()} />
    );
  }
  const newSink = (
    <button type="button" className="btn primary sm" onClick={() => edit('new')}>
      <Icon name="plus" />
      New sink
    </button>
  );
  return (
    <section className="card">
      <header>
        <h2 className="h2">Sinks</h2>
        <span className="s dim">where events and rollups are forwarded</span>
        <span className="sp" />
        {mayEdit ? newSink : null}
      </header>
      {sinks.data.items.length === 0 ? (
        <Empty sentence="Nothing is forwarded to other systems." command="watchkeeper sink put -f sink.yaml" />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section className="wide" aria-label="Sinks" tabIndex={0}>
          <table>
            <thead>
              <tr>
                {['Name', 'Type', 'Takes', 'State', 'Behind', 'Forwarded', 'Refused', ''].map((title) => (
                  <th key={title} scope="col">
                    {title === '' ? <span className="visually-hidden">Actions</span> : title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {sinks.data.items.map((sink) => (
                <tr key={`${sink.tenant}/${sink.name}`}>
                  <td>{sink.name}</td>
                  <td>{sink.type}</td>
                  <td className="sub">{sinkTakesText(sink)}</td>
                  <td>
                    <SinkState status={sink.status} />
                  </td>
                  <td className="tn">{sinkLagText(sink)}</td>
                  <td className="tn">{countText(sink.status.forwarded)}</td>
                  <td className="tn">
                    {sink.status.refused > 0 && mayOperate ? (
                      <button type="button" className="btn sm" onClick={() => showRefusals(sink)}>
                        {countText(sink.status.refused)}: why?
                      </button>
                    ) : (
                      countText(sink.status.refused)
                    )}
                  </td>
                  <td className="num">
                    {mayEdit ? (
                      <span className="row" style={{ justifyContent: 'flex-end' }}>
                        <button type="button" className="btn sm" onClick={() => edit(sink)}>
                          Edit
                        </button>
                        <button type="button" className="btn sm danger" onClick={() => remove(sink)}>
                          Delete
                        </button>
                      </span>
                    ) : null}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {edited === undefined ? null : (
        <SinkForm {...(edited === 'new' ? {} : { present: edited })} onClose={() => edit(undefined)} />
      )}
      {deleting === undefined ? null : (
        <DeleteDialog
          kind="sink"
          name={deleting.name}
          consequence="Nothing more goes to its target, and how far it was is forgotten. What the target has stays there."
          onDelete={() => api.call('deleteSink', { params: { name: deleting.name } })}
          queryKey="sinks"
          onClose={() => remove(undefined)}
        />
      )}
      {refusedOf === undefined ? null : <RefusalsDialog sink={refusedOf} onClose={() => showRefusals(undefined)} />}
    </section>
  );
}
