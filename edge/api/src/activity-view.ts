import { type ActivityEntry, alertSubject, reasonTitle, type State } from '@watchkeeper/model';
import type { ActivityRow, AlertActivity, ChangeActivity, StateActivity } from '@watchkeeper/store';

/** What happened, in a sentence and a note. */
export function activityEntry(row: ActivityRow): ActivityEntry {
  const at = new Date(Math.floor(row.atUs / 1000)).toISOString();
  if (row.kind === 'state') return { at, ...stateEntry(row) };
  if (row.kind === 'alert') return { at, ...alertEntry(row) };
  return { at, ...changeEntry(row) };
}

const monitorsLink = (service: string, environment: string) =>
  `/monitors?service=${encodeURIComponent(service)}&env=${encodeURIComponent(environment)}`;

const verbs: Readonly<Record<State, string>> = {
  failed: 'is failing',
  degraded: 'is degraded',
  unknown: 'has no data',
  maintenance: 'is in maintenance',
  ok: 'is OK',
  paused: 'is paused',
};

function verbOf(state: State, previousState: State | null): string {
  return state === 'ok' && (previousState === 'failed' || previousState === 'degraded') ? 'is OK again' : verbs[state];
}

function stateEntry(row: StateActivity): Omit<ActivityEntry, 'at'> {
  return {
    kind: 'state',
    state: row.state,
    title: `${row.serviceTitle} ${verbOf(row.state, row.previousState)} in ${row.environmentTitle}`,
    note: row.message ?? (row.reason === null ? '' : reasonTitle(row.reason)),
    link: monitorsLink(row.service, row.environment),
  };
}

function alertEntry(row: AlertActivity): Omit<ActivityEntry, 'at'> {
  const verb = row.notification === 'resolved' ? 'is OK again' : verbs[row.state];
  const what =
    row.rule === null ? `${row.serviceTitle} ${verb} in ${row.environmentTitle}` : `${alertSubject(row)} ${verb}`;
  return {
    kind: 'alert',
    state: row.state,
    title: row.isDelivered ? `Told ${row.channel}: ${what}` : `Could not tell ${row.channel}: ${what}`,
    note: row.isDelivered ? '' : (row.error ?? 'Given up'),
    link: row.rule === null ? monitorsLink(row.service, row.environment) : '/settings/alerts',
  };
}

/** `monitor.created`, `Monitor shop-front` → `Monitor shop-front created`. */
function changeEntry(row: ChangeActivity): Omit<ActivityEntry, 'at'> {
  const [noun = '', verb = 'changed'] = row.action.split('.');
  // Some objects are named with their kind, some only by it: `sign-in link (viewer)`.
  const words = noun.replaceAll('_', ' ');
  const isNamed = row.object.toLowerCase().startsWith(words.toLowerCase()) || noun === 'login_link';
  const subject = isNamed ? row.object : `${words} ${row.object}`;
  return {
    kind: 'change',
    state: null,
    title: `${subject.charAt(0).toUpperCase()}${subject.slice(1)} ${verb.replaceAll('_', ' ')}`,
    note: `by ${row.actor}`,
    link: null,
  };
}
