import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { Icon } from '../components/Icon.tsx';

export interface Choice {
  readonly value: string;
  readonly title?: string;
  /** What is said beside it. */
  readonly note?: string;
}

/**
 * A choice among many with a search: a button that opens a list. Letters search, arrows move, Enter takes, Escape
 * closes. What is typed can be taken as it is where `isFree`.
 */
export function Picker({
  label,
  children,
  choices,
  onSearch,
  onPick,
  isFree = false,
  startsOpen = false,
  onClose,
}: {
  readonly label: string;
  /** What stands on the button. */
  readonly children: ReactNode;
  readonly choices: readonly Choice[];
  /** Given when only some of the choices are known, and others are found by a text in them. */
  readonly onSearch?: (text: string) => void;
  readonly onPick: (value: string) => void;
  readonly isFree?: boolean;
  readonly startsOpen?: boolean;
  /** Called when it was closed without a choice. */
  readonly onClose?: () => void;
}) {
  const [isOpen, setOpen] = useState(startsOpen);
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (isOpen) input.current?.focus();
  }, [isOpen]);
  // What was found for fewer letters stays until more is known; what does not fit any more must not be taken.
  const found = choices.filter(({ value, title = value }) => title.toLowerCase().includes(text.toLowerCase()));
  const isTyped = isFree && text !== '' && !found.some(({ value }) => value === text);
  const offered: readonly Choice[] = isTyped ? [...found, { value: text, note: 'as typed' }] : found;
  const search = (next: string) => {
    setText(next);
    setAt(0);
    onSearch?.(next);
  };
  const close = (isTaken: boolean) => {
    setOpen(false);
    search('');
    if (isTaken) return;
    onClose?.();
  };
  const take = (choice: Choice | undefined) => {
    if (choice === undefined) return;
    close(true);
    button.current?.focus();
    onPick(choice.value);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setAt(Math.min(offered.length - 1, at + 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(0, at - 1));
    else if (event.key === 'Enter') take(offered[at]);
    else if (event.key === 'Escape') {
      close(false);
      button.current?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only notices that the focus has left
    <span
      className="picker"
      onBlur={(event) => {
        if (isOpen && !event.currentTarget.contains(event.relatedTarget)) close(false);
      }}
    >
      <button
        ref={button}
        type="button"
        className="sel"
        aria-label={label}
        aria-haspopup="listbox"
        aria-expanded={isOpen}
        onClick={() => (isOpen ? close(false) : setOpen(true))}
      >
        {children}
        <Icon name="chevron-down" />
      </button>
      {isOpen ? (
        <div className="picker-list">
          <input
            ref={input}
            className="input"
            role="combobox"
            aria-label={`Search: ${label}`}
            aria-expanded="true"
            aria-controls={id}
            aria-autocomplete="list"
            {...(offered[at] === undefined ? {} : { 'aria-activedescendant': `${id}-${at}` })}
            placeholder="Search"
            value={text}
            onChange={(event) => search(event.target.value)}
            onKeyDown={onKey}
          />
          <div role="listbox" id={id} aria-label={label} tabIndex={-1}>
            {offered.map(({ value, title = value, note }, index) => (
              <div
                key={value}
                id={`${id}-${index}`}
                role="option"
                tabIndex={-1}
                aria-selected={index === at}
                onPointerDown={(event) => {
                  event.preventDefault();
                  take({ value });
                }}
              >
                <span className="cut">{title}</span>
                {note === undefined ? null : <span className="dim s">{note}</span>}
              </div>
            ))}
          </div>
          {offered.length === 0 ? <p className="dim s">Nothing is called so.</p> : null}
        </div>
      ) : null}
    </span>
  );
}
