import type { ProcessEnd, SupervisedProcess } from './supervisedProcess';

/** The code under which the end of such a child is told (`ProcessEnd` of kind `failed`). */
export const outputClosedCode = 'OUTPUT_CLOSED';

/** From the end of its output to the end of a child that lives on. */
const graceMs = 2000;
const killMs = 1000;

/**
 * An agent that has closed its stdout can say nothing more, not even that its turn is over: nobody waits for it. It is
 * ended, and its end says why. Not for commands: a shell that sends its output elsewhere is at work.
 */
export function endWhenMute(child: SupervisedProcess): SupervisedProcess {
  let isOver = false;
  let isMute = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  child.stdout.once('close', () => {
    if (isOver) {
      return;
    }
    timer = setTimeout(() => {
      isMute = true;
      child.signal('SIGTERM');
      timer = setTimeout(() => child.signal('SIGKILL'), killMs);
    }, graceMs);
  });
  const ended = child.ended.then((end): ProcessEnd => {
    isOver = true;
    clearTimeout(timer);
    return isMute
      ? { kind: 'failed', code: outputClosedCode, message: 'stdout was closed before the exit' }
      : end;
  });
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    ended,
    signal: (signal) => child.signal(signal),
    release: () => {
      isOver = true;
      clearTimeout(timer);
      child.release();
    },
  };
}
