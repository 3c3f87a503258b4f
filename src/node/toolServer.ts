import { createConnection } from 'node:net';
import { toolSocketVariables, type ToolSocketGreeting } from './toolSocketProtocol';

/**
 * The MCP server that an agent starts by itself to reach the tools of Patchbay: a program of its own that understands
 * nothing. It hands the bytes of its standard streams to the socket of the host and back, and ends when either end does.
 */
function main(): void {
  const address = process.env[toolSocketVariables.address];
  const token = process.env[toolSocketVariables.token];
  if (address === undefined || token === undefined) {
    process.stderr.write('This program is started by agents that work with Patchbay’s tools.\n');
    process.exitCode = 64;
    return;
  }
  const socket = createConnection(address);
  socket.once('connect', () => {
    isConnected = true;
    socket.write(`${JSON.stringify({ token } satisfies ToolSocketGreeting)}\n`);
    process.stdin.pipe(socket);
    socket.pipe(process.stdout);
  });
  let isConnected = false;
  socket.on('error', (error) => {
    if (!isConnected) {
      process.stderr.write(`Patchbay does not answer: ${error.message}\n`);
      process.exit(1);
    }
  });
  socket.once('close', () => process.exit(0));
  process.stdout.on('error', () => process.exit(0));
}

main();
