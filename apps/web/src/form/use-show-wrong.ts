import { type RefObject, useEffect } from 'react';

/** Leads to the first field that is wrong when saving failed, or to what is said about it. */
export function useShowWrong(form: RefObject<HTMLElement | null>, error: unknown): void {
  useEffect(() => {
    if (error === null) return;
    const wrong =
      form.current?.querySelector<HTMLElement>('[aria-invalid="true"]:is(input, textarea, select)') ??
      form.current?.querySelector<HTMLElement>('[role="alert"]');
    wrong?.scrollIntoView({ block: 'center' });
    wrong?.focus({ preventScroll: true });
  }, [form, error]);
}
