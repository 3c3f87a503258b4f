import { arrayField, isRecord, recordField, stringField } from '../../base/guard';
import type { JsonObject } from '../../base/json';
import { oneLine } from '../../events/failure';
import type { Observation, PermissionAnswer } from '../../events/observation';
import type { ToolIntent, UserQuestion } from '../../events/toolIntent';
import { codexArguments } from '../codexItems';
import type { RpcId } from '../jsonRpcPeer';
import { fileChangeIntents, type CodexCall, type CodexFileChange } from './codexAppServerItems';

export interface CodexQuestionsOptions {
  /** Sends an answer when the user has decided. */
  readonly answer: (id: RpcId, result: JsonObject) => void;
  /** Words for the agent's running turn, beside an answer that holds none. */
  readonly tell: (text: string) => void;
  /** The call of an item, as it was begun. */
  readonly callOf: (itemId: string) => CodexCall | undefined;
  readonly changesOf: (itemId: string) => readonly CodexFileChange[];
  /** The newest open call of a tool, for questions that do not name theirs. */
  readonly newestOf: (toolName: string) => string | undefined;
  readonly parentOf: (threadId: string | undefined) => string | undefined;
}

/** What to do with a request of the server: a question for the user, or an answer at once; undefined: not a question. */
export type CodexQuestionStep =
  | { readonly kind: 'ask'; readonly observation: Observation }
  | { readonly kind: 'answer'; readonly result: JsonObject; readonly notice?: string }
  /** The same id again while it is open. */
  | { readonly kind: 'nothing' };

interface Asked {
  readonly toolName: string;
  readonly input: JsonObject;
  readonly intents: readonly ToolIntent[];
  readonly description?: string | undefined;
  readonly takesWholeEditsOnly?: boolean;
  readonly reply: (answer: PermissionAnswer) => JsonObject;
}

/**
 * The server's requests for a decision. Codex takes yes or no only: what the user said beside it goes into the running
 * turn as words (`turn/steer`), in front of the answer, so that the model reads both together (seen with 0.169.0).
 */
export class CodexQuestions {
  private readonly open = new Map<string, RpcId>();
  private readonly denied = new Set<string>();

  constructor(private readonly options: CodexQuestionsOptions) {}

  wasDenied(callId: string): boolean {
    return this.denied.has(callId);
  }

  /** `serverRequest/resolved`: the question's own id when it was still open here. */
  resolved(id: RpcId): string | undefined {
    const requestId = nameOf(id);
    return this.open.delete(requestId) ? requestId : undefined;
  }

  accept(id: RpcId, method: string, params: unknown): CodexQuestionStep | undefined {
    const itemId = stringField(params, 'itemId');
    switch (method) {
      case 'item/commandExecution/requestApproval':
        return this.ask(id, params, itemId, this.command(itemId, params));
      case 'item/fileChange/requestApproval':
        return this.ask(id, params, itemId, this.fileChange(itemId, params));
      case 'item/permissions/requestApproval':
        return this.ask(id, params, itemId, this.permissions(itemId, params));
      case 'item/tool/requestUserInput':
        return this.ask(id, params, itemId, userInput(params));
      case 'mcpServer/elicitation/request':
        return this.elicitation(id, params);
      default:
        return undefined;
    }
  }

  private ask(
    id: RpcId,
    params: unknown,
    itemId: string | undefined,
    asked: Asked,
  ): CodexQuestionStep {
    const requestId = nameOf(id);
    if (this.open.has(requestId)) {
      return { kind: 'nothing' };
    }
    this.open.set(requestId, id);
    const parentCallId = this.options.parentOf(stringField(params, 'threadId'));
    const { toolName, input, intents, takesWholeEditsOnly } = asked;
    const description = asked.description ?? stringField(params, 'reason');
    return {
      kind: 'ask',
      observation: {
        kind: 'permission_request',
        ...(parentCallId === undefined ? {} : { parentCallId }),
        request: {
          requestId,
          callId: itemId ?? requestId,
          toolName,
          input,
          intents,
          ...(description === undefined ? {} : { description }),
          ...(takesWholeEditsOnly === true ? { takesWholeEditsOnly } : {}),
          reply: (answer) => {
            if (this.open.delete(requestId)) {
              this.options.answer(id, asked.reply(answer));
            }
          },
        },
      },
    };
  }

  /** Yes or no, and the user's words in front of it. */
  private decision(
    itemId: string | undefined,
    what: string,
  ): (answer: PermissionAnswer) => JsonObject {
    return (answer) => {
      if (answer.kind === 'allow') {
        this.tell(`About ${what}, which the user allowed: `, answer.message);
        return { decision: 'accept' };
      }
      if (itemId !== undefined) {
        this.denied.add(itemId);
      }
      if (answer.interrupts === true) {
        return { decision: 'cancel' };
      }
      this.tell(`About ${what}, which was not allowed as it was: `, answer.message);
      return { decision: 'decline' };
    };
  }

  private tell(head: string, message: string | undefined): void {
    const words = (message ?? '').trim();
    if (words !== '') {
      this.options.tell(`${head}${words}`);
    }
  }

  private command(itemId: string | undefined, params: unknown): Asked {
    const call = itemId === undefined ? undefined : this.options.callOf(itemId);
    const command = stringField(params, 'command') ?? stringField(call?.input, 'command');
    const cwd = stringField(params, 'cwd') ?? stringField(call?.input, 'cwd');
    const network = recordField(params, 'networkApprovalContext');
    const host = stringField(network, 'host');
    const kind = stringField(params, 'kind') ?? 'command';
    const input: JsonObject = {
      ...(command === undefined ? {} : { command }),
      ...(cwd === undefined ? {} : { cwd }),
      ...(host === undefined ? {} : { host }),
    };
    const intents: readonly ToolIntent[] =
      host !== undefined
        ? [{ kind: 'network', url: `${stringField(network, 'protocol') ?? 'https'}://${host}` }]
        : command === undefined || (kind !== 'command' && kind !== 'humanCommand')
          ? [
              {
                kind: 'unknown',
                description:
                  command === undefined
                    ? 'Codex wants to run something and did not say what.'
                    : `Codex wants to do this (${kind}): ${command}`,
              },
            ]
          : [{ kind: 'command', command, ...(cwd === undefined ? {} : { cwd }) }];
    return {
      toolName: call?.name ?? 'shell',
      input,
      intents,
      reply: this.decision(
        itemId,
        `the command ${command === undefined ? '' : oneLine(command)}`.trim(),
      ),
    };
  }

  private fileChange(itemId: string | undefined, params: unknown): Asked {
    const call = itemId === undefined ? undefined : this.options.callOf(itemId);
    const changes = itemId === undefined ? [] : this.options.changesOf(itemId);
    const grantRoot = stringField(params, 'grantRoot');
    const intents = fileChangeIntents(changes);
    return {
      toolName: call?.name ?? 'apply_patch',
      input: call?.input ?? {},
      intents:
        grantRoot === undefined
          ? intents
          : [
              ...intents,
              {
                kind: 'unknown',
                description: `Codex also asks for the right to write anywhere in ${grantRoot}.`,
              },
            ],
      takesWholeEditsOnly: true,
      reply: this.decision(
        itemId,
        `the change of ${changes.map(({ path }) => path).join(', ') || 'files'}`,
      ),
    };
  }

  private permissions(itemId: string | undefined, params: unknown): Asked {
    const permissions = codexArguments(recordField(params, 'permissions'));
    return {
      toolName: 'request_permissions',
      input: { permissions },
      intents: [
        {
          kind: 'unknown',
          description: `More rights for this turn: ${JSON.stringify(permissions)}`,
        },
      ],
      reply: (answer) => {
        if (answer.kind === 'allow') {
          return { permissions: withoutNulls(permissions), scope: 'turn' };
        }
        if (itemId !== undefined) {
          this.denied.add(itemId);
        }
        this.tell('About the rights you asked for, which were not given: ', answer.message);
        return { permissions: {}, scope: 'turn' };
      },
    };
  }

  /** The approval of an MCP tool comes as a form without fields; real forms and links of a server are declined. */
  private elicitation(id: RpcId, params: unknown): CodexQuestionStep {
    const meta = recordField(params, '_meta');
    const server = stringField(params, 'serverName') ?? 'an MCP server';
    const message = stringField(params, 'message') ?? '';
    if (stringField(meta, 'codex_approval_kind') === 'mcp_tool_call') {
      const tool = stringField(meta, 'tool_name') ?? toolIn(message);
      const input = codexArguments(isRecord(meta) ? meta.tool_params : undefined);
      const toolName = `${server}.${tool ?? 'tool'}`;
      const callId = this.options.newestOf(toolName);
      return this.ask(id, params, callId, {
        toolName,
        input,
        intents:
          tool === undefined
            ? [{ kind: 'unknown', description: `A tool of the MCP server ${server}: ${message}` }]
            : [{ kind: 'mcp', server, tool, input }],
        description: message,
        reply: (answer) => {
          this.tell(`About the call of ${toolName}: `, answer.message);
          if (answer.kind === 'deny' && callId !== undefined) {
            this.denied.add(callId);
          }
          return {
            action: answer.kind === 'allow' ? 'accept' : 'decline',
            content: answer.kind === 'allow' ? {} : null,
            _meta: null,
          };
        },
      });
    }
    return {
      kind: 'answer',
      result: { action: 'decline', content: null, _meta: null },
      notice: `The MCP server ${server} of Codex asked for input, which Patchbay does not pass on: ${message}`,
    };
  }
}

/** The server's ids may be numbers or texts, and 0 is another question than "0". */
function nameOf(id: RpcId): string {
  return typeof id === 'number' ? `${id}` : JSON.stringify(id);
}

function userInput(params: unknown): Asked {
  const asked = (arrayField(params, 'questions') ?? []).flatMap((entry) => {
    const id = stringField(entry, 'id');
    const question = stringField(entry, 'question');
    return id === undefined || question === undefined
      ? []
      : [{ id, ...userQuestion(question, entry) }];
  });
  return {
    toolName: 'request_user_input',
    input: { questions: asked.map(({ question }) => question) },
    intents: [{ kind: 'question', questions: asked.map(({ id: _id, ...question }) => question) }],
    reply: (answer) => {
      const given = answer.kind === 'allow' ? (answer.answers ?? {}) : {};
      const said = answer.kind === 'deny' ? answer.message.trim() : '';
      return {
        answers: Object.fromEntries(
          asked.flatMap(({ id, question }) => {
            const words = Object.hasOwn(given, question) ? given[question] : said;
            return words === undefined || words === '' ? [] : [[id, { answers: [words] }]];
          }),
        ),
      };
    },
  };
}

function userQuestion(question: string, entry: unknown): UserQuestion {
  const header = stringField(entry, 'header');
  return {
    question,
    ...(header === undefined || header === '' ? {} : { header }),
    options: (arrayField(entry, 'options') ?? []).flatMap((option) => {
      const label = stringField(option, 'label');
      const description = stringField(option, 'description');
      return label === undefined
        ? []
        : [{ label, ...(description === undefined ? {} : { description }) }];
    }),
  };
}

function toolIn(message: string): string | undefined {
  return /tool ["“`]([^"“”`]+)["”`]/.exec(message)?.[1];
}

function withoutNulls(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null));
}
