import * as vscode from 'vscode';
import { isJsonObject } from '../base/guard';
import { errorMessage, PatchbayError } from '../base/patchbayError';
import type { EditorModelInfo } from '../runtime/modelCatalog';
import type {
  EditorMessagePart,
  EditorModelFault,
  EditorModelMessage,
  EditorModelPart,
  EditorModelRequest,
  EditorModelsPort,
} from '../runtime/network/editorModels';

/** The editor's language models over `vscode.lm`. Listing asks for no consent; sending may. */
export function createEditorModels(): EditorModelsPort {
  return { list, send };
}

async function list(): Promise<readonly EditorModelInfo[]> {
  const models = await vscode.lm.selectChatModels();
  return models.map((model) => ({
    id: model.id,
    vendor: model.vendor,
    family: model.family,
    name: model.name,
    maxInputTokens: model.maxInputTokens,
  }));
}

async function* send(
  request: EditorModelRequest,
  signal: AbortSignal,
): AsyncGenerator<EditorModelPart> {
  const source = new vscode.CancellationTokenSource();
  const cancel = (): void => source.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    if (signal.aborted) {
      cancel();
    }
    const [model] = await vscode.lm.selectChatModels({ id: request.modelId });
    if (model === undefined) {
      throw new PatchbayError<EditorModelFault>('not_found', `no model "${request.modelId}"`);
    }
    const response = await model.sendRequest(
      request.messages.map(toMessage),
      {
        justification: 'Patchbay sends the prompt that you typed in its panel to this model.',
        ...(request.tools.length === 0
          ? {}
          : {
              tools: request.tools.map(({ name, description, inputSchema }) => ({
                name,
                description,
                inputSchema,
              })),
            }),
      },
      source.token,
    );
    for await (const part of response.stream) {
      // Kinds of parts that a newer editor invents are skipped.
      if (part instanceof vscode.LanguageModelTextPart) {
        yield { kind: 'text', text: part.value };
      } else if (part instanceof vscode.LanguageModelToolCallPart) {
        yield { kind: 'call', id: part.callId, name: part.name, input: toInput(part) };
      }
    }
  } catch (error) {
    throw toFault(error);
  } finally {
    signal.removeEventListener('abort', cancel);
    // Leaving the loop early must also end the request.
    source.cancel();
    source.dispose();
  }
}

function toMessage(message: EditorModelMessage): vscode.LanguageModelChatMessage {
  const wire = vscode.LanguageModelChatMessage.User('');
  wire.role =
    message.role === 'user'
      ? vscode.LanguageModelChatMessageRole.User
      : vscode.LanguageModelChatMessageRole.Assistant;
  wire.content = message.parts.map(toPart);
  return wire;
}

function toPart(
  part: EditorMessagePart,
):
  | vscode.LanguageModelTextPart
  | vscode.LanguageModelToolCallPart
  | vscode.LanguageModelToolResultPart {
  switch (part.kind) {
    case 'text':
      return new vscode.LanguageModelTextPart(part.text);
    case 'call':
      return new vscode.LanguageModelToolCallPart(part.id, part.name, part.input);
    case 'result':
      return new vscode.LanguageModelToolResultPart(part.callId, [
        new vscode.LanguageModelTextPart(part.text),
      ]);
  }
}

/** A call without readable input fails the turn: it is never made with arguments that the model did not write. */
function toInput(part: vscode.LanguageModelToolCallPart) {
  const input: unknown = part.input;
  if (!isJsonObject(input)) {
    throw new PatchbayError<EditorModelFault>(
      'failed',
      `it called ${part.name} with input that is no object`,
    );
  }
  return input;
}

function toFault(error: unknown): PatchbayError<EditorModelFault> {
  if (PatchbayError.is<EditorModelFault>(error)) {
    return error;
  }
  const code = error instanceof vscode.LanguageModelError ? faultOf(error.code) : 'failed';
  return new PatchbayError(code, errorMessage(error), { cause: error });
}

/** The codes are the names of the error's factories. */
function faultOf(code: string): EditorModelFault {
  switch (code) {
    case 'NoPermissions':
      return 'no_consent';
    case 'Blocked':
      return 'blocked';
    case 'NotFound':
      return 'not_found';
    default:
      return 'failed';
  }
}
