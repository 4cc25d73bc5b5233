import { nearestName, type PluginHead, type PluginLoaders } from '@watchkeeper/model';
import { compileSchema, type Validator } from './schema.ts';

/** Plug-ins of one kind, loaded when first asked for, with a validator for their options. */
export interface Described<Plugin> {
  readonly plugin: Plugin;
  readonly validator: Validator;
}

export class PluginCatalogue<Plugin extends PluginHead> {
  readonly #loaders: PluginLoaders<Plugin>;
  readonly #known = new Map<string, Described<Plugin>>();

  constructor(loaders: PluginLoaders<Plugin>) {
    this.#loaders = loaders;
  }

  get names(): string[] {
    return Object.keys(this.#loaders);
  }

  async find(name: string): Promise<Described<Plugin> | undefined> {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const load = Object.hasOwn(this.#loaders, name) ? this.#loaders[name] : undefined;
    if (load === undefined) return undefined;
    const { default: plugin } = await load();
    const validator = compileSchema(plugin.options, { pointer: (pointer) => `/options${pointer}` });
    const described = { plugin, validator };
    this.#known.set(name, described);
    return described;
  }

  async all(): Promise<Plugin[]> {
    const found = await Promise.all(this.names.map((name) => this.find(name)));
    return found.flatMap((described) => (described === undefined ? [] : [described.plugin]));
  }

  /** What to say about a name that is none. */
  unknownMessage(kind: string, name: string): string {
    const nearest = nearestName(name, this.names);
    const hint = nearest === undefined ? `there are ${this.names.join(', ')}` : `did you mean "${nearest}"?`;
    return `there is no ${kind} "${name}"; ${hint}`;
  }
}

const catalogues = new WeakMap<object, unknown>();

/** The catalogue of a registry; the same one every time. */
export function catalogueOf<Plugin extends PluginHead>(loaders: PluginLoaders<Plugin>): PluginCatalogue<Plugin> {
  const known = catalogues.get(loaders);
  if (known !== undefined) return known as PluginCatalogue<Plugin>;
  const made = new PluginCatalogue(loaders);
  catalogues.set(loaders, made);
  return made;
}
