import type { JsonObject, JsonValue } from '../../base/json';
import { codexEffort, codexModel } from '../codexItems';
import type { ExchangeParserContext } from '../contract';
import { toolDefinition, worksWithOurTools } from '../delegatedTools';
import { promptText } from '../preamble';

type Context = Pick<
  ExchangeParserContext,
  'model' | 'context' | 'opts' | 'resume' | 'isContinuation'
>;

export function initializeParams({ model }: Context): JsonObject {
  return {
    clientInfo: { name: 'patchbay', title: 'Patchbay', version: '1.0.0' },
    // Dynamic tools are part of the experimental surface.
    ...(worksWithOurTools(model) ? { capabilities: { experimentalApi: true } } : {}),
  };
}

/**
 * What a thread is begun or taken up with. Policy, reviewer and sandbox are always said: else the user's configuration, or
 * the folder's, would decide whether we are asked.
 */
export function threadParams({ model, context, opts, resume }: Context): JsonObject {
  const name = codexModel(model);
  return {
    ...(opts.cwd === undefined ? {} : { cwd: opts.cwd }),
    approvalPolicy: 'untrusted',
    approvalsReviewer: 'user',
    sandbox: isReadOnly({ model, opts }) ? 'read-only' : 'workspace-write',
    ...(name === undefined ? {} : { model: name }),
    ...(context.systemPrompt === '' ? {} : { developerInstructions: context.systemPrompt }),
    // A resumed thread has its tools already.
    ...(worksWithOurTools(model) && resume === undefined
      ? { dynamicTools: dynamicTools(context.tools) }
      : {}),
  };
}

export function turnParams(turn: Context, threadId: string): JsonObject {
  const { model, context, opts, resume, isContinuation } = turn;
  const name = codexModel(model);
  const effort = codexEffort(opts.reasoning);
  const text = promptText(turn, isContinuation || resume !== undefined);
  return {
    threadId,
    input: [...userInputs(text), ...imageInputs(context)],
    approvalPolicy: 'untrusted',
    approvalsReviewer: 'user',
    sandboxPolicy: isReadOnly({ model, opts })
      ? { type: 'readOnly', networkAccess: false }
      : {
          type: 'workspaceWrite',
          writableRoots: [...(opts.extraFolders ?? [])],
          networkAccess: false,
          excludeTmpdirEnvVar: false,
          excludeSlashTmp: false,
        },
    ...(name === undefined ? {} : { model: name }),
    ...(effort === undefined ? {} : { effort }),
  };
}

export function userInputs(text: string): readonly JsonObject[] {
  return [{ type: 'text', text, text_elements: [] }];
}

function imageInputs({ messages }: Context['context']): readonly JsonObject[] {
  const newest = messages.findLast((message) => message.role === 'user');
  return (newest?.images ?? []).map(({ mediaType, data }) => ({
    type: 'image',
    url: `data:${mediaType};base64,${data}`,
  }));
}

/** With our tools Codex itself has nothing to write. */
function isReadOnly({ model, opts }: Pick<Context, 'model' | 'opts'>): boolean {
  return opts.mode === 'plan' || worksWithOurTools(model);
}

function dynamicTools(tools: Context['context']['tools']): JsonValue {
  return tools.map((tool) => ({ type: 'function', ...toolDefinition(tool) }));
}
