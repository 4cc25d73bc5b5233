import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { type GlobalSearch, readerOf, shiftSearch, zoomSearch } from '../search.ts';
import { keepGlobal } from '../use-search.ts';

const setting = 'wk-keys';

/** Whether single keys do something; some assistive programs need them for themselves. */
export function areKeysOn(): boolean {
  return localStorage.getItem(setting) !== 'off';
}

export function switchKeys(isOn: boolean): void {
  if (isOn) localStorage.removeItem(setting);
  else localStorage.setItem(setting, 'off');
}

const pages: Readonly<Record<string, '/' | '/monitors' | '/explore' | '/system/processes' | '/settings/keys'>> = {
  o: '/',
  m: '/monitors',
  e: '/explore',
  y: '/system/processes',
  ',': '/settings/keys',
};

/** Keys of the whole app: `/` search, `g` then a page, `j k` rows, `[ ]` time, `+ -` zoom, `l` live, `?` help. */
export function useKeys(onHelp: () => void): void {
  const navigate = useNavigate();
  useEffect(() => {
    let isGoing = false;
    const change = (next: (search: GlobalSearch) => GlobalSearch) =>
      void navigate({ to: '.', search: (present: object) => next(readerOf(location.pathname)(present)) as never });
    const onKey = (event: KeyboardEvent) => {
      if (!areKeysOn() || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector('dialog[open]') !== null) return;
      const { key } = event;
      const page = isGoing ? pages[key] : undefined;
      isGoing = key === 'g';
      if (page !== undefined) void navigate({ to: page, search: keepGlobal });
      else if (key === '/') document.getElementById('search')?.focus();
      else if (key === '?') onHelp();
      else if (key === 'j' || key === 'k') moveRow(key === 'j' ? 1 : -1);
      else if (key === '[') change((search) => shiftSearch(search, -0.5, Date.now()));
      else if (key === ']') change((search) => shiftSearch(search, 0.5, Date.now()));
      else if (key === '+' || key === '=') change((search) => zoomSearch(search, 0.5, Date.now()));
      else if (key === '-') change((search) => zoomSearch(search, 2, Date.now()));
      else if (key === 'l') change(({ from: _from, to: _to, ...rest }) => rest);
      else return;
      if (key !== 'g') event.preventDefault();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [navigate, onHelp]);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName))
  );
}

/** Rows are links with data-row; the focused one moves. */
function moveRow(by: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')];
  const at = rows.indexOf(document.activeElement as HTMLElement);
  rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))]?.focus();
}
