import { type LogDriverContext, logDrivers, type OpenedLog } from '@watchkeeper/log';
import {
  type AmqpOptions,
  type Carrier,
  type MessageDriver,
  type MessageDriverContext,
  type Messages,
  messageDrivers,
  type TlsFiles,
} from '@watchkeeper/messages';
import { type KafkaConnection, WatchkeeperError } from '@watchkeeper/model';
import type { Static, TSchema } from 'typebox';
import { resolveReference, type Settings } from './settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Opens the event log that the settings name. @throws WatchkeeperError `settings_invalid`, `log_misconfigured`, `log_unavailable` */
export async function openEventLog(
  { eventLog, kafka, limits }: Settings,
  environment: Environment,
  context: LogDriverContext,
): Promise<OpenedLog> {
  const own = { partitions: eventLog.partitions, seriesPerTenant: limits.seriesPerTenant };
  switch (eventLog.driver) {
    case 'kafka': {
      const { default: driver } = await logDrivers.kafka();
      const connection = required(resolveKafka(kafka, environment), 'kafka', 'eventLog.driver');
      return driver.open({ ...eventLog.kafka, ...own, connection }, context);
    }
    case 'postgres': {
      const { default: driver } = await logDrivers.postgres();
      return driver.open(own, context);
    }
  }
}

/** A message driver with its options. */
export interface ChosenMessages {
  open(context: MessageDriverContext): Messages;
  /** Left out where the driver brings no notifications. */
  readonly openCarrier?: (context: MessageDriverContext) => Carrier;
}

/** The message driver that the settings name. @throws WatchkeeperError `settings_invalid` for a reference that leads nowhere */
export async function chooseMessages(settings: Settings, environment: Environment): Promise<ChosenMessages> {
  switch (settings.messages.driver) {
    case 'amqp': {
      const { default: driver } = await messageDrivers.amqp();
      return withOptions(
        driver,
        required(resolveAmqp(settings.messages.amqp, environment), 'messages.amqp', 'messages.driver'),
      );
    }
    case 'kafka': {
      const { default: driver } = await messageDrivers.kafka();
      const connection = required(resolveKafka(settings.kafka, environment), 'kafka', 'messages.driver');
      return withOptions(driver, { ...settings.messages.kafka, connection });
    }
    case 'postgres': {
      const { default: driver } = await messageDrivers.postgres();
      return withOptions(driver, {});
    }
  }
}

function withOptions<Options extends TSchema>(
  { open, openCarrier }: MessageDriver<Options>,
  options: Static<Options>,
): ChosenMessages {
  return {
    open: (context) => open(options, context),
    ...(openCarrier === undefined ? {} : { openCarrier: (context) => openCarrier(options, context) }),
  };
}

/** How to reach RabbitMQ, references and files read. @throws WatchkeeperError `settings_invalid` */
export function resolveAmqp(amqp: Settings['messages']['amqp'], environment: Environment): AmqpOptions | undefined {
  if (amqp === undefined) return undefined;
  const { url, tls, ...names } = amqp;
  return { ...names, url: resolveReference(url, environment), ...withTls(tls, environment) };
}

/** How to reach Kafka, references and files read. @throws WatchkeeperError `settings_invalid` */
export function resolveKafka(kafka: Settings['kafka'], environment: Environment): KafkaConnection | undefined {
  if (kafka === undefined) return undefined;
  const { brokers, clientId, tls, sasl } = kafka;
  return {
    brokers,
    clientId,
    ...withTls(tls, environment),
    ...(sasl === undefined ? {} : { sasl: { ...sasl, password: resolveReference(sasl.password, environment) } }),
  };
}

function withTls(paths: TlsFiles | undefined, environment: Environment): { tls?: TlsFiles } {
  if (paths === undefined) return {};
  return {
    tls: Object.fromEntries(
      Object.entries(paths).map(([name, path]) => [name, resolveReference(`file:${path}`, environment)]),
    ),
  };
}

function required<T>(value: T | undefined, place: string, by: string): T {
  if (value !== undefined) return value;
  throw new WatchkeeperError('settings_invalid', `The setting ${place} is needed for this ${by}. Write it.`);
}
