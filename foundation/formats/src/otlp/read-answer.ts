import { readProtobuf } from '../protobuf/reader.ts';

/** What a receiver did not take of a request that it answered well. */
export interface OtlpPartialSuccess {
  readonly rejectedPoints: number;
  readonly message: string;
}

const nothingRejected: OtlpPartialSuccess = { rejectedPoints: 0, message: '' };

/** Reads an ExportMetricsServiceResponse; an answer that is none rejects nothing. */
export function readOtlpAnswer(body: Buffer, isJson: boolean): OtlpPartialSuccess {
  try {
    return isJson ? readJson(body) : readBinary(body);
  } catch {
    // Receivers answer well with an empty body or a text of their own; only a partial success says more.
    return nothingRejected;
  }
}

function readJson(body: Buffer): OtlpPartialSuccess {
  const { partialSuccess } = JSON.parse(body.toString('utf8')) as {
    partialSuccess?: { rejectedDataPoints?: string | number; errorMessage?: string };
  };
  return {
    rejectedPoints: Number(partialSuccess?.rejectedDataPoints ?? 0) || 0,
    message: String(partialSuccess?.errorMessage ?? ''),
  };
}

function readBinary(body: Buffer): OtlpPartialSuccess {
  const partial = readProtobuf(body).find(({ field }) => field === 1)?.value;
  if (!Buffer.isBuffer(partial)) return nothingRejected;
  const fields = readProtobuf(partial);
  const rejected = fields.find(({ field }) => field === 1)?.value;
  const message = fields.find(({ field }) => field === 2)?.value;
  return {
    rejectedPoints: typeof rejected === 'number' ? rejected : 0,
    message: Buffer.isBuffer(message) ? message.toString('utf8') : '',
  };
}
