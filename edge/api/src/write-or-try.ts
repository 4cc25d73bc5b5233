import type { Store, Tx } from '@watchkeeper/store';

/** One transaction that is rolled back at its end when it is only a trial; the answer is that of the work in any case. */
export async function writeOrTry<T>(store: Store, isTrial: boolean, work: (tx: Tx) => Promise<T>): Promise<T> {
  const trial: { answer?: { readonly value: T } } = {};
  const end = new Error('end of a trial');
  try {
    return await store.write(async (tx) => {
      const value = await work(tx);
      if (!isTrial) return value;
      trial.answer = { value };
      throw end;
    });
  } catch (error) {
    if (error === end && trial.answer !== undefined) return trial.answer.value;
    throw error;
  }
}
