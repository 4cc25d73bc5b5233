import { processesAnswer, unreadText } from '@watchkeeper/model/light';
import { useProcesses } from '../api.ts';
import { AnswerSentence } from '../components/AnswerSentence.tsx';
import { Empty, Failure } from '../components/Failure.tsx';
import { Skeleton } from '../components/Skeleton.tsx';
import { DeadLettersCard, DeadLettersLink } from '../processes/DeadLettersCard.tsx';
import { LagCharts } from '../processes/LagCharts.tsx';
import { LeaseTable } from '../processes/LeaseTable.tsx';
import { ProcessTable } from '../processes/ProcessTable.tsx';
import { RefusedInputsCard } from '../processes/RefusedInputsCard.tsx';
import { SinkLagCard } from '../processes/SinkLagCard.tsx';
import { useCrumbs } from '../shell/breadcrumbs.ts';
import '../processes/processes.css';

/** Whether everything is read and by whom; then how far behind, by which process, under which lease. */
export function ProcessesPage() {
  const { data: list, error, refetch, dataUpdatedAt } = useProcesses();
  useCrumbs({ title: 'System' }, { title: 'Processes' });
  if (list === undefined) {
    return error === null ? <Skeleton height={520} /> : <Failure error={error} onRetry={() => void refetch()} />;
  }
  const answer = processesAnswer(list);
  const unread = unreadText(list);
  // The figures of the title move all the time; what is read out are changes of state.
  const spoken =
    unread === '' ? (answer.state === 'ok' ? 'Everything is read' : answer.title) : `Nobody reads ${unread}`;
  return (
    <>
      {error === null ? null : <Failure error={error} onRetry={() => void refetch()} dataAtMs={dataUpdatedAt} />}
      <div className={error === null ? '' : 'stale'}>
        <AnswerSentence answer={answer} spoken={spoken} more={<DeadLettersLink />} />
        <LagCharts list={list} />
        <div className="col">
          {list.items.length === 0 ? (
            <section className="card">
              <Empty sentence="No process has told of itself yet." command="watchkeeper process list" />
            </section>
          ) : (
            <ProcessTable list={list} />
          )}
          <SinkLagCard />
          <LeaseTable list={list} />
          <RefusedInputsCard />
          <DeadLettersCard />
        </div>
      </div>
    </>
  );
}
