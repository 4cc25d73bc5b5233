import type { createProbes } from '@watchkeeper/api';
import { WatchkeeperError } from '@watchkeeper/model';

export interface Place {
  readonly host: string;
  readonly port: number;
}

/**
 * Listens at an address of the settings; `how` is the option by which somebody says another one.
 * @throws WatchkeeperError `address_in_use`, `settings_invalid`
 */
export async function listenAt<T>(listen: string, how: string, open: (place: Place) => Promise<T>): Promise<T> {
  try {
    return await open(placeOf(listen));
  } catch (error) {
    throw listenError(error, how, listen);
  }
}

/** Opens the port for health and metrics where the settings name one. @throws WatchkeeperError as `listenAt` */
export async function listenFor(
  probes: ReturnType<typeof createProbes> | undefined,
  healthListen: string | undefined,
): Promise<void> {
  if (probes === undefined || healthListen === undefined) return;
  await listenAt(healthListen, '--health-listen', (place) => probes.listen(place));
}

/** `[::1]:7300` → host and port. */
function placeOf(listen: string): Place {
  const separator = listen.lastIndexOf(':');
  return { host: listen.slice(0, separator).replace(/^\[|\]$/g, ''), port: Number(listen.slice(separator + 1)) };
}

function listenError(error: unknown, how: string, listen: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return new WatchkeeperError(
      'address_in_use',
      `Cannot listen on ${listen}: another program does. Stop it, or choose another address with ${how} 127.0.0.1:7301.`,
      { cause: error },
    );
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new WatchkeeperError(
      'settings_invalid',
      `Cannot listen on ${listen} (${code}). Choose an address of this machine and a port above 1023 with ${how}.`,
      { cause: error },
    );
  }
  return error;
}
