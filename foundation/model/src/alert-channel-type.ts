import type { Static, TSchema } from 'typebox';
import type { AlertNotification } from './alert.ts';
import type { PluginHead } from './plugin.ts';

/** What became of a notification. */
export type Sent =
  | { readonly ok: true; readonly answer: string }
  | {
      readonly ok: false;
      /** One sentence for people, without secrets. */
      readonly error: string;
      /** True when trying again cannot help: the receiver refuses it, or the options are wrong. */
      readonly isFinal: boolean;
    };

/**
 * A plug-in of the kind "alert channel type". `Context` is what sending is given to work with; whoever only describes
 * or validates channels leaves it out and cannot call `send`.
 */
export interface AlertChannelType<Options extends TSchema = TSchema, Context = never> extends PluginHead<Options> {
  /** Delivers one notification. A receiver that is down is an answer; nothing is thrown. */
  send(notification: AlertNotification, options: Static<Options>, context: Context): Promise<Sent>;
}
