/**
 * Events of one producer as one JSON message: the body of `POST /api/v1/events` and the value of a Kafka record. A
 * series stands once in the message; events refer to it by its place.
 *
 * Fields that a reader does not know are ignored, so that a newer sender may add some; what an older reader would
 * misunderstand raises `version`.
 */
export const eventMessageVersion = 1;

/** Bounds of one message. Text is counted in UTF-16 code units. */
export const eventMessageLimits = {
  events: 5000,
  bytes: 4 * 1024 * 1024,
  text: 200,
  attributes: 64,
  attributeText: 1000,
  values: 200,
  detailDepth: 20,
} as const;

/** Largest amount of a value: sums of any number of such values stay within a double. */
export const largestValue = 1e290;
