import type { State } from '@watchkeeper/model';
import type { ReactNode } from 'react';
import { StateGlyph } from '../components/StateGlyph.tsx';

/** How a page begins: one generated sentence, then the proof. Changes are read out, politely. */
export function AnswerHead({
  state,
  title,
  sentences,
  children,
}: {
  readonly state: State;
  readonly title: string;
  readonly sentences: readonly string[];
  readonly children?: ReactNode;
}) {
  return (
    <div className="head">
      <StateGlyph state={state} size={28} />
      <div className="words" aria-live="polite">
        <h1 className="h1">{title}</h1>
        {sentences.map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
      </div>
      {children}
    </div>
  );
}
