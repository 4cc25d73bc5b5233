import { createServer, type Server, type Socket } from 'node:net';

/** A TCP server that keeps what it is sent, line by line, and closes when its client has. */
export async function openTcpTarget() {
  const lines: string[] = [];
  const sockets = new Set<Socket>();
  let port = 0;
  let server: Server | undefined;
  const listen = () =>
    new Promise<void>((done) => {
      server = createServer((socket) => {
        sockets.add(socket);
        let text = '';
        socket.on('data', (part: Buffer) => {
          text += part.toString();
        });
        socket.on('error', () => undefined);
        socket.on('close', () => {
          sockets.delete(socket);
          lines.push(...text.split('\n').filter((line) => line !== ''));
        });
      });
      server.listen(port, '127.0.0.1', () => {
        ({ port } = (server as Server).address() as { port: number });
        done();
      });
    });
  await listen();
  const goAway = () =>
    new Promise<void>((done) => {
      for (const socket of sockets) socket.destroy();
      server?.close(() => done());
    });
  return {
    lines,
    get port() {
      return port;
    },
    goAway,
    comeBack: listen,
    close: goAway,
  };
}
