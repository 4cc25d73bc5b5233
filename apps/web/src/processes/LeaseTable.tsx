import type { LeaseView, ProcessList } from '@watchkeeper/model';
import { clockText, isChangingHands, lagOf, lagText, lengthText, processName } from '@watchkeeper/model/light';
import { StateTag } from '../components/StateTag.tsx';
import { leaseTitle } from './lease-title.ts';

/** Who has the right to what and until when; what nobody has leads. */
export function LeaseTable({ list }: { readonly list: ProcessList }) {
  const order = new Intl.Collator('en', { numeric: true });
  const sorted = list.leases.toSorted(
    (a, b) => Number(a.holder !== null) - Number(b.holder !== null) || order.compare(a.name, b.name),
  );
  return (
    <section className="card">
      <header className="explained">
        <h2 className="h2">Who holds what</h2>
        <span className="sub s">a lease runs out by itself, then another process takes it</span>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="wide leases" aria-label="Leases" tabIndex={0}>
        <table>
          <thead>
            <tr>
              {['What', 'Held by', 'Until', 'Behind'].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted.map((lease) => (
              <LeaseRow key={lease.name} lease={lease} list={list} />
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function LeaseRow({ lease, list }: { readonly lease: LeaseView; readonly list: ProcessList }) {
  const { name, holder, lastHolder, until } = lease;
  const nowMs = Date.parse(list.at);
  const isMoving = isChangingHands(until, list);
  const readers = list.readers.filter(({ reader, partition }) => name === `${reader}/${partition}`);
  return (
    <tr>
      <td>
        {leaseTitle(name)} <span className="mono dim">{name}</span>
      </td>
      <td>
        {holder === null && isMoving ? (
          <span className="dim">changes hands; before: {processName(lastHolder, list.items)}</span>
        ) : holder === null ? (
          <span className="row">
            <StateTag state="failed" text="Nobody" size={14} />
            <span className="dim">before: {processName(lastHolder, list.items)}</span>
          </span>
        ) : (
          processName(holder, list.items)
        )}
      </td>
      <td>
        {holder === null && !isMoving
          ? `for ${lengthText(nowMs - Date.parse(until))}, since ${clockText(until, nowMs)}`
          : clockText(until, nowMs)}
      </td>
      <td>{readers.length === 0 ? '–' : lagText(lagOf(readers))}</td>
    </tr>
  );
}
