/**
 * Names something that a client without identity sent, such as a body over HTTP: of batches with one name only the first
 * is stored, as long as the name is remembered.
 */
export interface Delivery {
  /** 1 to 200 characters; equal for what was sent again. */
  readonly id: string;
  /** How long the name is remembered, milliseconds, 1 to `longestDeliveryMs`. */
  readonly withinMs: number;
}

export const longestDeliveryMs = 86_400_000;

/** A part of something is a delivery of its own; all of it is the whole. */
export function partOfDelivery(
  delivery: Delivery,
  { start, end, of }: { readonly start: number; readonly end: number; readonly of: number },
): Delivery {
  return start === 0 && end === of ? delivery : { ...delivery, id: `${delivery.id}/${start}-${end}` };
}
