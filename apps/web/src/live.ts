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
/** Queries that a change of state makes old. */
const ofStates = ['overview', 'monitors', 'monitor-status', 'alerts', 'channels'];

let status: LiveStatus = { isLive: false, changedAtMs: Date.now(), newestAtMs: null };
let source: EventSource | undefined;
let users = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<Listener>();
const watchers = new Set<() => void>();

function setStatus(change: Partial<LiveStatus>): void {
  status = { ...status, ...change };
  for (const watch of watchers) watch();
}

function setLive(isLive: boolean): void {
  if (status.isLive !== isLive) setStatus({ isLive, changedAtMs: Date.now() });
}

function refreshStates(): void {
  for (const key of ofStates) void queryClient.invalidateQueries({ queryKey: [key] });
}

/** One stream for the whole page; it is opened again until it works. */
function open(): void {
  source = new EventSource('/api/v1/events/stream');
  let wasOpen = false;
  source.addEventListener('open', () => {
    setLive(true);
    if (wasOpen) void queryClient.invalidateQueries();
    wasOpen = true;
  });
  source.addEventListener('event', (message) => {
    const events = JSON.parse(message.data) as EventView[];
    setLive(true);
    setStatus({ newestAtMs: Date.now() });
    for (const listen of listeners) listen(events);
  });
  source.addEventListener('states', refreshStates);
  source.addEventListener('left-out', () => void queryClient.invalidateQueries());
  source.addEventListener('error', () => {
    setLive(false);
    // A browser gives up after a refusal; the server may only be starting again.
    if (source?.readyState === EventSource.CLOSED) {
      source.close();
      timer = setTimeout(() => {
        open();
        void queryClient.invalidateQueries();
      }, retryMs);
    }
  });
}

/** Keeps the stream open while the component is there. */
export function useLiveStream(): void {
  useEffect(() => {
    users += 1;
    if (users === 1) open();
    return () => {
      users -= 1;
      if (users > 0) return;
      clearTimeout(timer);
      source?.close();
      source = undefined;
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
