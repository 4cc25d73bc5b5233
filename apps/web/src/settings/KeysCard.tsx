import { useQuery } from '@tanstack/react-query';
import type { Key, Role } from '@watchkeeper/model';
import { clockText } from '@watchkeeper/model/light';
import { type FormEvent, useState } from 'react';
import { api, queryClient, useMay } from '../api.ts';
import { Dialog } from '../components/Dialog.tsx';
import { Empty, Failure } from '../components/Failure.tsx';
import { Icon } from '../components/Icon.tsx';
import { Skeleton } from '../components/Skeleton.tsx';
import { problemsOf } from '../form/problems-of.ts';
import { useCrumbs } from '../shell/breadcrumbs.ts';

const roles: readonly (readonly [Role, string])[] = [
  ['viewer', 'viewer – reads'],
  ['editor', 'editor – also changes objects'],
  ['operator', 'operator – also starts and stops, sees all tenants'],
  ['admin', 'admin – also manages keys'],
  ['ingest', 'ingest – only sends events'],
  ['agent', 'agent – one host’s agent'],
];

export function KeysCard() {
  useCrumbs({ title: 'Settings', to: '/settings/keys' }, { title: 'Keys' });
  const isAdmin = useMay('admin');
  const [isCreating, create] = useState(false);
  const [revoking, revoke] = useState<Key>();
  const keys = useQuery({ queryKey: ['keys'], queryFn: () => api.call('listKeys'), enabled: isAdmin });
  if (!isAdmin) return <Empty sentence="To see and make keys, the role admin is needed." />;
  if (keys.error !== null) return <Failure error={keys.error} onRetry={() => void keys.refetch()} />;
  if (keys.data === undefined) return <Skeleton height={300} />;
  return (
    <section className="card">
      <header>
        <h2 className="h2">API keys</h2>
        <span className="sp" />
        <button type="button" className="btn primary sm" onClick={() => create(true)}>
          <Icon name="plus" />
          New key
        </button>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="wide" aria-label="API keys" tabIndex={0}>
        <table>
          <thead>
            <tr>
              {['Name', 'Role', 'Tenant', 'Made', 'Expires', 'Last used', ''].map((title) => (
                <th key={title} scope="col">
                  {title === '' ? <span className="visually-hidden">Actions</span> : title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {keys.data.items.map((key) => (
              <KeyRow key={key.id} item={key} onRevoke={() => revoke(key)} />
            ))}
          </tbody>
        </table>
      </section>
      {isCreating ? <NewKey onClose={() => create(false)} /> : null}
      {revoking === undefined ? null : <Revoke item={revoking} onClose={() => revoke(undefined)} />}
    </section>
  );
}

function KeyRow({ item, onRevoke }: { readonly item: Key; readonly onRevoke: () => void }) {
  const nowMs = Date.now();
  const instant = (text: string | null, none: string) => (text === null ? none : clockText(text, nowMs));
  return (
    <tr>
      <td>
        {item.name} <span className="mono dim">{item.id}</span>
      </td>
      <td>{item.role}</td>
      <td>{item.tenant}</td>
      <td>{instant(item.createdAt, '')}</td>
      <td>{instant(item.expiresAt, 'never')}</td>
      <td>{instant(item.lastUsedAt, '–')}</td>
      <td className="num">
        {item.revokedAt === null ? (
          <button type="button" className="btn sm danger" onClick={onRevoke}>
            Revoke
          </button>
        ) : (
          <span className="dim">revoked {instant(item.revokedAt, '')}</span>
        )}
      </td>
    </tr>
  );
}

function NewKey({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [tenant, setTenant] = useState('default');
  const [expiresIn, setExpiresIn] = useState('');
  const [secret, setSecret] = useState<string>();
  const [isCopied, setCopied] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const problems = problemsOf(error);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setError(null);
    try {
      const made = await api.call('createKey', {
        body: { name, role, tenant, ...(expiresIn === '' ? {} : { expiresIn }) },
      });
      setSecret(made.secret);
      await queryClient.invalidateQueries({ queryKey: ['keys'] });
    } catch (problem) {
      setError(problem);
    }
  };
  const copy = async () => {
    await navigator.clipboard.writeText(secret ?? '');
    setCopied(true);
  };
  if (secret !== undefined) {
    return (
      <Dialog title="The key is made" onClose={onClose}>
        <p>This is the only time it is shown. Keep it where secrets are kept.</p>
        <div className="secret">
          <code className="mono">{secret}</code>
          <span className="sp" />
          <button type="button" className="btn sm" onClick={() => void copy()}>
            <Icon name={isCopied ? 'check' : 'copy'} />
            {isCopied ? 'Copied' : 'Copy'}
          </button>
        </div>
        <footer>
          <button type="button" className="btn primary" onClick={onClose}>
            Done
          </button>
        </footer>
      </Dialog>
    );
  }
  const field = (
    id: string,
    title: string,
    value: string,
    set: (value: string) => void,
    hint: string,
    pointer: string,
  ) => (
    <div className="field">
      <label htmlFor={id}>{title}</label>
      <input
        id={id}
        className="input"
        value={value}
        onChange={(event) => set(event.target.value)}
        aria-describedby={`${id}-hint`}
      />
      <span className="hint" id={`${id}-hint`}>
        {hint}
      </span>
      {problems.has(pointer) ? <span className="wrong">{problems.get(pointer)}</span> : null}
    </div>
  );
  return (
    <Dialog title="New API key" onClose={onClose}>
      {error === null ? null : <Failure error={error} />}
      <form onSubmit={(event) => void submit(event)}>
        {field('key-name', 'Name', name, setName, 'What it is for', '/name')}
        <div className="field">
          <label htmlFor="key-role">Role</label>
          <select
            id="key-role"
            className="input"
            value={role}
            onChange={(event) => setRole(event.target.value as Role)}
          >
            {roles.map(([value, title]) => (
              <option key={value} value={value}>
                {title}
              </option>
            ))}
          </select>
        </div>
        {field('key-tenant', 'Tenant', tenant, setTenant, 'Made when it is not there', '/tenant')}
        {field('key-expires', 'Expires in', expiresIn, setExpiresIn, 'Such as 90d; empty means never', '/expiresIn')}
        <footer>
          <button type="button" className="btn" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="btn primary">
            Make the key
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

function Revoke({ item, onClose }: { readonly item: Key; readonly onClose: () => void }) {
  const [error, setError] = useState<unknown>(null);
  const confirm = async () => {
    try {
      await api.call('revokeKey', { params: { id: item.id } });
      await queryClient.invalidateQueries({ queryKey: ['keys'] });
      onClose();
    } catch (problem) {
      setError(problem);
    }
  };
  return (
    <Dialog title={`Revoke ${item.name}?`} onClose={onClose}>
      {error === null ? null : <Failure error={error} />}
      <p>
        Programs that use it are refused from now on, and sessions that were opened with it end. It cannot be undone.
      </p>
      <footer>
        <button type="button" className="btn" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="btn danger" onClick={() => void confirm()}>
          Revoke the key
        </button>
      </footer>
    </Dialog>
  );
}
