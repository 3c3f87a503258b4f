import * as vscode from 'vscode';
import type { SecretPort } from '../runtime/credentials';
import type { ConfiguredServer } from '../tools/plugins/contract';
import { describeReference, referencesIn, type Reference } from '../tools/plugins/references';

/** Values that a definition leaves to the user, kept in the secret storage: never in settings, never in a file. */
export class McpValues {
  constructor(private readonly secrets: SecretPort) {}

  /** `${input:id}` of one server's file. Kept by server, so that another repository cannot ask for it. */
  input(server: ConfiguredServer, id: string): Promise<string | undefined> {
    return this.secrets.get(inputKey(server, id));
  }

  /** `${secret:name}` of the user's settings. */
  secret(name: string): Promise<string | undefined> {
    return this.secrets.get(secretKey(name));
  }

  /** What of a definition can be asked for. */
  askable(server: ConfiguredServer): readonly Reference[] {
    return referencesIn(server.transport).filter(
      ({ kind }) => kind === 'input' || kind === 'secret',
    );
  }

  /** Asks for every value; false when the user broke off. An empty answer forgets the value. */
  async ask(server: ConfiguredServer): Promise<boolean> {
    for (const reference of this.askable(server)) {
      const value = await askFor(server, reference);
      if (value === undefined) {
        return false;
      }
      const key =
        reference.kind === 'input' ? inputKey(server, reference.name) : secretKey(reference.name);
      await (value === '' ? this.secrets.delete(key) : this.secrets.store(key, value));
    }
    return true;
  }
}

// The definition is part of it: a value that was given to one program is not handed to another.
const inputKey = ({ key, definitionHash }: ConfiguredServer, id: string): string =>
  `mcp.input|${key}|${definitionHash}|${id}`;
const secretKey = (name: string): string => `mcp.secret|${name}`;

async function askFor(server: ConfiguredServer, reference: Reference): Promise<string | undefined> {
  const input =
    reference.kind === 'input' ? server.inputs.find(({ id }) => id === reference.name) : undefined;
  const title = `MCP server ${server.name}: ${describeReference(reference)}`;
  if (input?.options !== undefined) {
    return vscode.window.showQuickPick([...input.options], {
      title,
      placeHolder: input.description,
      ignoreFocusOut: true,
    });
  }
  return vscode.window.showInputBox({
    title,
    prompt: `${input?.description ?? `The secret "${reference.name}"`}. Kept in the editor’s secret storage; empty forgets it.`,
    password: input?.isSecret ?? true,
    ignoreFocusOut: true,
    ...(input?.defaultValue === undefined ? {} : { value: input.defaultValue }),
  });
}
