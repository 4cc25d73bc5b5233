import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { OpenPort } from './held-port.ts';
import { readKernelDrops } from './kernel-drops.ts';
import type { ListenerCounts } from './listener-counts.ts';

export interface UdpPortOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** What the system is asked to keep until it is read, bytes; it may grant less. */
  readonly receiveBufferBytes: number;
  readonly counts: ListenerCounts;
  readonly onDatagram: (datagram: Buffer) => void;
}

/** Opens a port for datagrams. Rejects as `node:dgram` does. */
export function openUdpPort(options: UdpPortOptions): Promise<OpenPort> {
  const { host, port, receiveBufferBytes, counts, onDatagram } = options;
  const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', recvBufferSize: receiveBufferBytes });
  return new Promise((resolve, reject) => {
    let fail: (error: Error) => void = reject;
    socket.on('error', (error) => fail(error));
    socket.bind({ port, address: host, exclusive: true }, () => {
      const failed = new Promise<Error>((tell) => {
        fail = tell;
      });
      const { address, port: bound } = socket.address();
      const place = `udp ${isIPv6(address) ? `[${address}]` : address}:${bound}`;
      const unwatch = counts.watchDrops(() => readKernelDrops(address, bound));
      let closing: Promise<void> | undefined;
      const close = () => {
        closing ??= new Promise((done) => {
          unwatch();
          socket.close(() => done());
        });
        return closing;
      };
      socket.on('message', (datagram) => {
        counts.datagrams += 1;
        counts.guard(() => onDatagram(datagram));
      });
      resolve({ place, failed, close });
    });
  });
}
