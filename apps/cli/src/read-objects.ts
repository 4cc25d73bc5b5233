import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { WatchkeeperError } from '@watchkeeper/model';
import { parseAllDocuments } from 'yaml';

export type ObjectText = Record<string, unknown>;

export interface FoundObject {
  readonly object: ObjectText;
  /** Where it stands, for messages: `monitors.yaml, object 2`. */
  readonly place: string;
}

const extensions = /\.(ya?ml|json)$/;
const longestBytes = 4 * 1024 * 1024;

/**
 * Objects of files and folders (`-` is standard input): YAML with any number of documents, or JSON; each holds an
 * object or an array of objects. Folders are read to their depths, in the order of names.
 * @throws WatchkeeperError `usage`, `body_malformed`
 */
export function readObjects(paths: readonly string[]): FoundObject[] {
  const files = paths.flatMap((path) => (path === '-' ? ['-'] : filesOf(path)));
  return files.flatMap((file) => {
    const objects = objectsOf(textOf(file), file);
    return objects.map((object, index) => ({ object, place: `${file}, object ${index + 1}` }));
  });
}

function filesOf(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new WatchkeeperError('usage', `There is no file or folder ${path}.`);
  if (!stat.isDirectory()) return [path];
  const found = readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => extensions.test(name))
    .sort()
    .map((name) => join(path, name));
  if (found.length > 0) return found;
  throw new WatchkeeperError('usage', `The folder ${path} holds no .yaml, .yml or .json files.`);
}

function textOf(file: string): string {
  const text = readFileSync(file === '-' ? 0 : file, 'utf8');
  if (text.length <= longestBytes) return text;
  throw new WatchkeeperError('body_too_large', `${file} is larger than 4 MiB. Split it.`);
}

function objectsOf(text: string, file: string): ObjectText[] {
  const documents = parseAllDocuments(text, { uniqueKeys: true });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) {
      const line = error.linePos?.[0].line;
      throw new WatchkeeperError(
        'body_malformed',
        `${file}${line === undefined ? '' : `:${line}`} is not valid YAML or JSON: ${error.message.split('\n')[0]}`,
      );
    }
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (value === null || value === undefined) return [];
    const list = Array.isArray(value) ? value : [value];
    return list.map((item: unknown) => {
      if (typeof item === 'object' && item !== null && !Array.isArray(item)) return item as ObjectText;
      throw new WatchkeeperError(
        'body_malformed',
        `${file} must hold objects; it holds ${JSON.stringify(item)?.slice(0, 60)}.`,
      );
    });
  });
}
