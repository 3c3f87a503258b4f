import { spawn } from 'node:child_process';
import { dialects } from '../dialects/all';

/** What a real child of the process rows does when it has heard its prompt; see test/adaptersProcesses.test.ts. */
export type DialectScenario =
  /** Exits with 3 before it reads anything. */
  | 'dies at once'
  /** Noise on stderr, a broken line, text in single bytes, then SIGKILL. */
  | 'dies in the middle'
  /** The same, and a good end; then it neither hears the end of its input nor SIGTERM. */
  | 'never exits'
  /** A good end; a grandchild keeps stdout open after it is gone. */
  | 'leaves a grandchild';

/** The word in the prompt by which the child knows it. */
export const promptWord = 'patchbay-matrix-prompt';

/** Runs in a process of its own, bundled: `main` is called by the few lines that start it. */
export function main(dialectName: string, scenario: DialectScenario): void {
  const dialect = dialects.find(({ name }) => name === dialectName);
  if (dialect === undefined || scenario === 'dies at once') {
    process.stderr.write('cannot find my configuration\n', () => process.exit(3));
    return;
  }
  if (scenario === 'never exits') {
    process.on('SIGTERM', () => undefined);
    setInterval(() => undefined, 1000);
  }
  const child = dialect.child();
  const say = (messages: readonly unknown[]): void => {
    for (const message of messages) {
      process.stdout.write(`${JSON.stringify(message)}\n`);
    }
  };
  let rest = '';
  let isPrompted = false;
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      say(child.hear(parsed(line)));
    }
    if (!isPrompted && [...lines, rest].some((line) => line.includes(promptWord))) {
      isPrompted = true;
      // Behind the answer to the prompt, and to a request that may follow it.
      setTimeout(() => void perform(), 20);
    }
  });
  process.stdin.on('end', () => {
    if (scenario === 'leaves a grandchild' || scenario === 'dies in the middle') {
      setTimeout(() => process.exit(0), 100);
    }
  });

  async function perform(): Promise<void> {
    const noise = `\u001b[31mnoise\u001b[0m ${'n'.repeat(300_000)}\nlast words\n`;
    await new Promise<void>((resolve) => process.stderr.write(noise, () => resolve()));
    say(child.hello());
    process.stdout.write('this is not JSON\n\r\n');
    const line = Buffer.from(
      child
        .text('Grüße 👋🏽')
        .map((item) => `${JSON.stringify(item)}\n`)
        .join(''),
    );
    for (const byte of line) {
      await new Promise<void>((resolve) =>
        process.stdout.write(Uint8Array.of(byte), () => resolve()),
      );
    }
    if (scenario === 'dies in the middle') {
      process.kill(process.pid, 'SIGKILL');
      return;
    }
    if (scenario === 'leaves a grandchild') {
      spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)', process.argv[1] ?? ''], {
        stdio: ['ignore', 'inherit', 'ignore'],
      });
    }
    say(child.finish());
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // a prompt as plain text
  }
}
