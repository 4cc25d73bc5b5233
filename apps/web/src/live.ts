import type { EventView } from '@watchkeeper/model';
import { useEffect, useSyncExternalStore } from 'react';
import { queryClient } from './api.ts';

/** Whether events arrive: since when not, and the time of the newest. */
export interface LiveStatus {
  readonly isLive: boolean;
  readonly changedAtMs: number;
  readonly newestAtMs: number | null;
}

type Listener = (events: readonly EventView[]) => void;

const retryMs = 3000;
const refreshEveryMs = 1000;
/** A tab that nobody sees gives its connection back: a browser has six for a server, for all tabs together. */
const hiddenMs = 60_000;
/** Queries that a change of state makes old. */
const ofStates = ['overview', 'monitors', 'monitor', 'monitor-status', 'alerts', 'channels'];

let status: LiveStatus = { isLive: false, changedAtMs: Date.now(), newestAtMs: null };
let source: EventSource | undefined;
let users = 0;
let wasLost = false;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
let refreshTimer: ReturnType<typeof setTimeout> | undefined;
let hiddenTimer: ReturnType<typeof setTimeout> | undefined;
let refreshedAtMs = 0;
const listeners = new Set<Listener>();
const watchers = new Set<() => void>();

function setStatus(change: Partial<LiveStatus>): void {
  status = { ...status, ...change };
  for (const watch of watchers) watch();
}

function setLive(isLive: boolean): void {
  if (status.isLive !== isLive) setStatus({ isLive, changedAtMs: Date.now() });
}

/** Asks again for what shows states, at most once a second. */
function refreshStates(): void {
  if (refreshTimer !== undefined) return;
  refreshTimer = setTimeout(
    () => {
      refreshTimer = undefined;
      refreshedAtMs = Date.now();
      for (const key of ofStates) void queryClient.invalidateQueries({ queryKey: [key] });
    },
    Math.max(0, refreshedAtMs + refreshEveryMs - Date.now()),
  );
}

/** One stream for the whole page; it is opened again until it works. */
function open(): void {
  close();
  source = new EventSource('/api/v1/events/stream');
  source.addEventListener('open', () => {
    setLive(true);
    // Nobody knows what happened meanwhile.
    if (wasLost) void queryClient.invalidateQueries();
    wasLost = false;
  });
  source.addEventListener('event', (message) => {
    const events = JSON.parse(message.data) as EventView[];
    setStatus({ newestAtMs: Date.now() });
    for (const listen of listeners) listen(events);
  });
  source.addEventListener('states', refreshStates);
  source.addEventListener(
    'left-out',
    // Explore asks for its newest seconds by itself; all of it anew every second would be too much.
    () => void queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'explore' }),
  );
  source.addEventListener('error', () => {
    setLive(false);
    wasLost = true;
    // A browser gives up after a refusal; the server may only be starting again, or the session has ended.
    if (source?.readyState === EventSource.CLOSED) {
      void queryClient.invalidateQueries({ queryKey: ['session'] });
      retryTimer = setTimeout(open, retryMs);
    }
  });
}

function close(): void {
  clearTimeout(retryTimer);
  source?.close();
  source = undefined;
}

function onVisibility(): void {
  clearTimeout(hiddenTimer);
  if (document.hidden) {
    hiddenTimer = setTimeout(() => {
      close();
      wasLost = true;
    }, hiddenMs);
  } else if (source === undefined) open();
}

/** Keeps the stream open while the component is there. */
export function useLiveStream(): void {
  useEffect(() => {
    users += 1;
    if (users === 1) {
      open();
      document.addEventListener('visibilitychange', onVisibility);
    }
    return () => {
      users -= 1;
      if (users > 0) return;
      document.removeEventListener('visibilitychange', onVisibility);
      clearTimeout(hiddenTimer);
      close();
      status = { isLive: false, changedAtMs: Date.now(), newestAtMs: null };
    };
  }, []);
}

/** Calls back with events as they arrive, at most once a second. */
export function useLiveEvents(listen: Listener): void {
  useEffect(() => {
    listeners.add(listen);
    return () => {
      listeners.delete(listen);
    };
  }, [listen]);
}

export function useLiveStatus(): LiveStatus {
  return useSyncExternalStore(
    (watch) => {
      watchers.add(watch);
      return () => watchers.delete(watch);
    },
    () => status,
  );
}
