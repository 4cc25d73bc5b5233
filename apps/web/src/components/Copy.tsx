import { useState } from 'react';
import { absoluteSearch } from '../search.ts';
import { Icon } from './Icon.tsx';

/** Copies a text; says so, or that the browser does not let it. */
export function Copy({
  textOf,
  children,
  icon = 'copy',
}: {
  readonly textOf: () => string;
  readonly children: string;
  readonly icon?: 'copy' | 'link';
}) {
  const [outcome, setOutcome] = useState<'copied' | 'refused'>();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(textOf());
      setOutcome('copied');
    } catch {
      // Browsers let a page do so only over HTTPS or on this machine.
      setOutcome('refused');
    }
  };
  return (
    <button type="button" className="btn sm" onClick={() => void copy()}>
      <Icon name={outcome === 'copied' ? 'check' : icon} />
      {outcome === 'copied' ? 'Copied' : outcome === 'refused' ? 'The browser refuses' : children}
    </button>
  );
}

/** Copies the address of the page with its times as instants: it shows the same tomorrow. */
export function CopyLink() {
  const address = () => {
    const { from, to } = absoluteSearch(Object.fromEntries(new URLSearchParams(location.search)), Date.now());
    const url = new URL(location.href);
    url.searchParams.set('from', from ?? '');
    url.searchParams.set('to', to ?? '');
    return url.href;
  };
  return (
    <Copy textOf={address} icon="link">
      Copy link
    </Copy>
  );
}
