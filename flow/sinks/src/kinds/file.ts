import { join } from 'node:path';
import type { OpenSink, OutgoingBatch, Written } from '@watchkeeper/model';
import { Type } from 'typebox';
import { plainEvent } from '../plain-event.ts';
import { RotatedFile } from '../rotated-file.ts';
import { defineSinkType } from '../sink-context.ts';

export default defineSinkType({
  name: 'file',
  summary:
    'Appends events as NDJSON to files on the machine of the process that forwards, one per partition of the log.',
  options: Type.Object(
    {
      folder: Type.String({
        title: 'Folder',
        description: 'Below sinks.filesDir of the settings',
        pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$',
      }),
      fileBytes: Type.Integer({
        title: 'Bytes of a file',
        description: 'A file that would be larger is put aside and a new one begun',
        minimum: 10_000,
        maximum: 10_000_000_000,
        default: 100_000_000,
      }),
      files: Type.Integer({
        title: 'Files',
        description: 'Files that are kept of each partition; older ones are deleted',
        minimum: 1,
        maximum: 10_000,
        default: 10,
      }),
    },
    { additionalProperties: false },
  ),
  open({ folder, fileBytes, files }, { filesDir, sink }): OpenSink {
    const own = new Map<number, RotatedFile>();
    const fileOf = (partition: number, directory: string) => {
      const name = `${sink.replaceAll('/', '+')}-${partition}`;
      const known = own.get(partition) ?? new RotatedFile({ folder: join(directory, folder), name, fileBytes, files });
      own.set(partition, known);
      return known;
    };
    return {
      async write({ partition, events }: OutgoingBatch): Promise<Written> {
        if (filesDir === undefined)
          return { ok: false, error: 'this process has no folder for files; set sinks.filesDir' };
        try {
          await fileOf(partition, filesDir).append(events.map((event) => `${JSON.stringify(plainEvent(event))}\n`));
          return { ok: true, refused: [] };
        } catch (error) {
          return {
            ok: false,
            error: `the files in ${join(filesDir, folder)} cannot be written: ${(error as Error).message}`,
          };
        }
      },
      async close() {
        for (const file of own.values()) await file.close();
      },
    };
  },
});
