import type { Answer } from '@watchkeeper/model/light';
import type { ReactNode } from 'react';
import { Announce } from './Announce.tsx';
import { StateGlyph } from './StateGlyph.tsx';

/** How a page begins: one generated sentence, then the proof. Only a change of the title is read out, not each minute. */
export function AnswerSentence({
  answer: { state, title, sentences },
  spoken = title,
  more,
  children,
}: {
  readonly answer: Answer;
  /** What is read out when it changes, where the title holds figures that move. */
  readonly spoken?: string;
  /** What follows the sentences. */
  readonly more?: ReactNode;
  readonly children?: ReactNode;
}) {
  return (
    <div className="head">
      <StateGlyph state={state} size={28} />
      <div className="words">
        <h1 className="h1">{title}</h1>
        <p>{sentences.join(' ')}</p>
        {more}
      </div>
      {children}
      <Announce text={spoken} />
    </div>
  );
}
