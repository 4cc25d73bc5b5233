import { answerErrorV1, type Door } from './door.ts';

/** Version of InfluxDB that clients are told: its writing is what they find here. */
export const influxVersion = '1.8.10';

export const ping: Door = {
  summary: 'Says that somebody is there',
  places: ['GET /ping'],
  role: 'none',
  async answer({ reply, options }) {
    return reply
      .code(204)
      .header('x-influxdb-version', `${influxVersion}-watchkeeper`)
      .header('x-influxdb-build', `watchkeeper ${options.product.version}`)
      .send();
  },
  answerError: answerErrorV1,
};
