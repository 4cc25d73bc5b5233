import { ProtobufWriter } from '../protobuf/writer.ts';
import type { OtlpPartialSuccess } from './read-answer.ts';

/** An ExportMetricsServiceResponse; without a partial success it is empty. */
export function otlpAnswer(rejected: OtlpPartialSuccess | undefined, isJson: boolean): Buffer {
  if (rejected === undefined) return Buffer.from(isJson ? '{}' : '');
  const { rejectedPoints, message } = rejected;
  if (isJson)
    return Buffer.from(
      JSON.stringify({ partialSuccess: { rejectedDataPoints: String(rejectedPoints), errorMessage: message } }),
    );
  const partial = new ProtobufWriter().varint(1, rejectedPoints).text(2, message);
  return new ProtobufWriter().message(1, partial).finish();
}

/** A google.rpc.Status, which is the body of every answer that refuses a request. */
export function otlpStatus(code: number, message: string, isJson: boolean): Buffer {
  if (isJson) return Buffer.from(JSON.stringify({ code, message }));
  return new ProtobufWriter().varint(1, code).text(2, message).finish();
}
