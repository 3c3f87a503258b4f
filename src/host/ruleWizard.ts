import * as vscode from 'vscode';
import type { Rule } from '../gate/contract';
import { parseRule, ruleFields, type RuleField } from '../gate/ruleSchema';

const verdictRows = [
  { label: 'Allow', detail: 'It runs without a question.', verdict: 'allow', isReadOnly: false },
  {
    label: 'Allow, it changes nothing',
    detail: 'It runs without a question, in plan mode too. You say that it is read-only.',
    verdict: 'allow',
    isReadOnly: true,
  },
  {
    label: 'Ask',
    detail: 'It always asks, whatever allows it.',
    verdict: 'ask',
    isReadOnly: false,
  },
  { label: 'Deny', detail: 'It never runs, in any mode.', verdict: 'deny', isReadOnly: false },
] as const;

/** Asks for a rule step by step; undefined when the user stops. The rule is a candidate: nothing is stored. */
export async function askForRule(): Promise<Rule | undefined> {
  const field = await vscode.window.showQuickPick(
    ruleFields.map((known) => ({
      label: fieldNames[known.name] ?? known.name,
      detail: known.description,
      known,
    })),
    { title: 'Rule (1 of 3): what it is about', matchOnDetail: true, ignoreFocusOut: true },
  );
  const entry = field === undefined ? undefined : await askForValue(field.known);
  if (entry === undefined) {
    return undefined;
  }
  const row = await vscode.window.showQuickPick(verdictRows, {
    title: 'Rule (3 of 3): what happens',
    ignoreFocusOut: true,
  });
  if (row === undefined) {
    return undefined;
  }
  const { verdict, isReadOnly: readOnly } = row;
  const parsed = parseRule({ verdict, ...entry, readOnly }, 'candidate', 'workspace');
  return parsed.kind === 'rule' ? parsed.rule : undefined;
}

const fieldNames: Readonly<Record<string, string>> = {
  commandsBeginningWith: 'Commands that begin with…',
  command: 'One exact command',
  read: 'Reading files',
  write: 'Changing files',
  network: 'Network requests',
  mcpServer: 'An MCP server, or one of its tools',
  tool: 'A tool by its name',
};

async function askForValue(
  field: RuleField,
): Promise<Readonly<Record<string, string>> | undefined> {
  const isServer = field.name === 'mcpServer';
  const entryOf = (value: string): Readonly<Record<string, string>> => {
    const [server = '', tool] = isServer ? value.trim().split(/\s+/) : [value];
    return { [field.name]: server, ...(tool === undefined ? {} : { mcpTool: tool }) };
  };
  const value = await vscode.window.showInputBox({
    title: 'Rule (2 of 3): what it covers',
    prompt: isServer
      ? 'The name of the server; behind a blank, one of its tools.'
      : field.description,
    placeHolder: field.example,
    ignoreFocusOut: true,
    validateInput: (text) => {
      if (text.trim() === '') {
        return undefined;
      }
      const parsed = parseRule({ verdict: 'allow', ...entryOf(text) }, 'candidate', 'workspace');
      return parsed.kind === 'rule' ? undefined : `Not a rule: ${parsed.problem}.`;
    },
  });
  return value === undefined || value.trim() === '' ? undefined : entryOf(value);
}
