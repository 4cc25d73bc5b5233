import { eventMessageLimits, WatchkeeperError } from '@watchkeeper/model';

/** The name of a database or bucket as it may become an attribute. @throws WatchkeeperError `validation_failed` */
export function checkedDatabase(name: string): string {
  if (name.length <= eventMessageLimits.text && name.isWellFormed() && !name.includes('\0')) return name;
  throw new WatchkeeperError(
    'validation_failed',
    `The name of the database has more than ${eventMessageLimits.text} characters, or some that cannot be stored. Choose another.`,
  );
}
