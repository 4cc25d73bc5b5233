import type { TSchema } from 'typebox';

/** The head that every plug-in has; its verbs follow per kind. A plug-in is a value, one file and one registration line. */
export interface PluginHead<Options extends TSchema = TSchema> {
  /** Equals the file name; what people write as `type`. */
  readonly name: string;
  /** One sentence: what it does. */
  readonly summary: string;
  /** Validation, web form, command-line help and the reference page come from this schema. */
  readonly options: Options;
}

/** A registry: name → lazily loaded plug-in. */
export type PluginLoaders<Plugin> = Readonly<Record<string, () => Promise<{ readonly default: Plugin }>>>;
