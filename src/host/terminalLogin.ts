import * as vscode from 'vscode';

export interface LoginCommand {
  /** `Claude Code`. */
  readonly agentName: string;
  /** Absolute path of the agent's executable. */
  readonly binary: string;
  /** The agent's own way to sign in. */
  readonly args: readonly string[];
  /** Where it runs: not in the workspace, whose own agent settings must have no effect. */
  readonly home: string;
}

/**
 * Opens a terminal that runs the agent's own sign-in, and waits until it is closed. The executable is the terminal's
 * process, with its arguments as a list: no shell reads the path.
 */
export async function signInWithTerminal(login: LoginCommand): Promise<void> {
  if (!vscode.workspace.isTrusted) {
    throw new Error(
      `${login.agentName} is not started in a folder that is not trusted. Trust the folder first.`,
    );
  }
  const terminal = vscode.window.createTerminal({
    name: `Sign in: ${login.agentName}`,
    shellPath: login.binary,
    shellArgs: [...login.args],
    cwd: vscode.Uri.file(login.home),
    iconPath: new vscode.ThemeIcon('key'),
    isTransient: true,
  });
  terminal.show();
  await new Promise<void>((resolve) => {
    const listener = vscode.window.onDidCloseTerminal((closed) => {
      if (closed === terminal) {
        listener.dispose();
        resolve();
      }
    });
  });
}
