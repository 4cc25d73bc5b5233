/** How to reach a Kafka cluster; what stands in files and references is read already. */
export interface KafkaConnection {
  /** `host:port` of some of the brokers. */
  readonly brokers: readonly string[];
  /** Name that the brokers see. */
  readonly clientId: string;
  /** PEM texts; encrypts. The system's authorities are trusted where `ca` is left out. */
  readonly tls?: { readonly ca?: string; readonly certificate?: string; readonly key?: string };
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
}
