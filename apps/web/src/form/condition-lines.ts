/** A condition and where it stands in a text of several lines. */
export interface ConditionLine {
  readonly text: string;
  /** From 1. */
  readonly line: number;
  /** Blanks before it, which the server does not see. */
  readonly indent: number;
}

/** Conditions of a text, one a line; empty lines are none. */
export function conditionLines(text: string): ConditionLine[] {
  return text.split('\n').flatMap((line, index) => {
    const condition = line.trim();
    return condition === ''
      ? []
      : [{ text: condition, line: index + 1, indent: line.length - line.trimStart().length }];
  });
}
