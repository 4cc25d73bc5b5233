import { WatchkeeperError } from '@watchkeeper/model';

/**
 * Refuses a change that is based on another version than the present one (RFC 9110, 13.1.1).
 * @throws WatchkeeperError `precondition_failed`
 */
export function assertVersion(object: string, version: number, ifMatch: number | undefined): void {
  if (ifMatch === undefined || ifMatch === version) return;
  throw new WatchkeeperError(
    'precondition_failed',
    `${object} has version ${version}, not ${ifMatch}: somebody changed it meanwhile. Read it again and repeat the change.`,
    { details: { version, ifMatch } },
  );
}

/**
 * The version in an If-Match header: a number in quotes; `*` and an absent header mean any.
 * @throws WatchkeeperError `validation_failed`
 */
export function versionOf(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  const [, digits] = /^\s*(?:W\/)?"?(\d{1,10})"?\s*$/.exec(ifMatch) ?? [];
  if (digits !== undefined) return Number(digits);
  throw new WatchkeeperError(
    'validation_failed',
    'The header If-Match must hold the ETag of the object, such as "3".',
    {
      problems: [{ pointer: 'header:if-match', message: 'is not an ETag of this API' }],
    },
  );
}
