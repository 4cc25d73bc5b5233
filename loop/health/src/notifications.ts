import { type AlertNotification, alertSubject, type State, severityOf, worstState } from '@watchkeeper/model';
import type { AlertMonitor, AlertRow, Delivery } from '@watchkeeper/store';

/** What is told of one alert: what the delivery says, and what is behind it now. */
export interface ToldAlert {
  readonly delivery: Pick<Delivery, 'state' | 'previousState'>;
  readonly alert: AlertRow;
  readonly monitors: readonly AlertMonitor[];
}

export interface NotificationOptions {
  readonly kind: AlertNotification['kind'];
  readonly told: readonly ToldAlert[];
  readonly publicUrl: string | null;
  readonly sentAtMs: number;
}

/** One notification of one or more alerts of the same kind, worst first. */
export function notificationOf({ kind, told, publicUrl, sentAtMs }: NotificationOptions): AlertNotification {
  const alerts = told
    .map(viewOfTold)
    .sort((a, b) => severityOf(b.state) - severityOf(a.state) || alertSubject(a).localeCompare(alertSubject(b)));
  return {
    version: 1,
    kind,
    sentAt: new Date(sentAtMs).toISOString(),
    title: titleOf(kind, alerts),
    link: publicUrl === null ? null : `${publicUrl}/`,
    alerts,
  };
}

type AlertView = AlertNotification['alerts'][number];

function viewOfTold({ delivery, alert, monitors }: ToldAlert): AlertView {
  const zones = Map.groupBy(monitors, ({ zone }) => zone);
  const bad = Map.groupBy(
    monitors.filter(({ state }) => state !== 'ok'),
    ({ id }) => id,
  );
  return {
    id: alert.id,
    tenant: alert.tenant,
    service: alert.service,
    environment: alert.environment,
    rule: alert.rule,
    group: alert.group,
    state: delivery.state,
    previousState: delivery.previousState,
    reason: alert.reason,
    message: alert.message,
    openedAt: alert.openedAt.toISOString(),
    resolvedAt: alert.resolvedAt?.toISOString() ?? null,
    zones: [...zones].map(([zone, rows]) => ({ zone, state: worstState(rows.map(({ state }) => state)) })),
    monitors: [...bad.values()].flatMap((rows) => {
      const [worst] = [...rows].sort((a, b) => severityOf(b.state) - severityOf(a.state));
      if (worst === undefined) return [];
      const { id, name, state, reason, message } = worst;
      return [{ id, name, state, reason, message }];
    }),
  };
}

const words: Readonly<Record<State, string>> = {
  failed: 'has failed',
  degraded: 'is degraded',
  unknown: 'sends no data',
  maintenance: 'is in maintenance',
  ok: 'is OK again',
  paused: 'is no longer watched',
};

function titleOf(kind: AlertNotification['kind'], alerts: readonly AlertView[]): string {
  const [first] = alerts;
  if (first === undefined) return 'This is a test notification from Watchkeeper';
  if (alerts.length === 1) {
    const isMeasured = first.rule !== null && kind !== 'resolved';
    return `${alertSubject(first)}${isMeasured ? `: ${first.message ?? ''}` : ` ${words[first.state]}`}`;
  }
  const places = alerts.map(alertSubject);
  const what = alerts.every(({ rule }) => rule === null) ? 'services' : 'things';
  const shown =
    places.length > 3 ? `${places.slice(0, 2).join(', ')} and ${places.length - 2} more` : places.join(', ');
  if (kind !== 'resolved') return `${alerts.length} ${what} are not well: ${shown}`;
  return alerts.every(({ state }) => state === 'ok')
    ? `${alerts.length} ${what} are OK again: ${shown}`
    : `${alerts.length} alerts are over: ${shown}`;
}
