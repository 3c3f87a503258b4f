import type { JsonObject } from '../base/json';
import type { Message } from '../events/message';
import { turnFromMessage } from './serialize';
import { estimateTextTokens, messageFramingTokens } from './tokenEstimate';

/** A request to a model as far as its size goes. */
export interface SizedRequest {
  readonly systemPrompt: string;
  /** The part of the system prompt that is files of the workspace, word for word. */
  readonly instructions?: string;
  readonly messages: readonly Message[];
  readonly tools: readonly {
    readonly name: string;
    readonly description: string;
    readonly inputSchema: JsonObject;
  }[];
}

/** Estimated tokens of a request, by what they are spent on. The parts are disjoint; their sum is the request. */
export interface RequestParts {
  readonly system: number;
  readonly tools: number;
  /** Definitions of the tools of MCP servers. */
  readonly mcp: number;
  /** Instruction files, and what tools read from files. */
  readonly files: number;
  readonly conversation: number;
}

export const requestPartNames = ['system', 'tools', 'mcp', 'files', 'conversation'] as const;

export interface PartRules {
  readonly isMcpTool: (toolName: string) => boolean;
  /** The results of which tools are the text of files. */
  readonly isFileReader: (toolName: string) => boolean;
}

/**
 * Makes the function that takes a request apart. Messages and schemas are remembered by identity, so that a long
 * conversation is not counted anew each round.
 */
export function createPartEstimator(rules: PartRules): (request: SizedRequest) => RequestParts {
  const messageTokens = createMessageEstimator();
  const schemas = new WeakMap<JsonObject, number>();
  let system = { text: '', tokens: 0 };
  let instructions = { text: '', tokens: 0 };
  const textTokens = (known: typeof system, text: string): typeof system =>
    known.text === text ? known : { text, tokens: estimateTextTokens(text) };
  const schemaTokens = (schema: JsonObject): number => {
    const known = schemas.get(schema) ?? estimateTextTokens(JSON.stringify(schema));
    schemas.set(schema, known);
    return known;
  };
  return (request) => {
    system = textTokens(system, request.systemPrompt);
    instructions = textTokens(instructions, request.instructions ?? '');
    const inSystem = Math.min(system.tokens, instructions.tokens);
    const parts = {
      system: system.tokens - inSystem,
      tools: 0,
      mcp: 0,
      files: inSystem,
      conversation: 0,
    };
    for (const { name, description, inputSchema } of request.tools) {
      parts[rules.isMcpTool(name) ? 'mcp' : 'tools'] +=
        estimateTextTokens(`${name} ${description}`) +
        schemaTokens(inputSchema) +
        messageFramingTokens;
    }
    for (const message of request.messages) {
      const isFile = message.role === 'tool' && rules.isFileReader(message.toolName);
      parts[isFile ? 'files' : 'conversation'] += messageTokens(message);
    }
    return parts;
  };
}

/** Tokens of one message, remembered by identity. */
export function createMessageEstimator(): (message: Message) => number {
  const tokens = new WeakMap<Message, number>();
  return (message) => {
    const known = tokens.get(message) ?? turnFromMessage(message).tokens;
    tokens.set(message, known);
    return known;
  };
}

export function sumOfParts(parts: RequestParts): number {
  return requestPartNames.reduce((sum, name) => sum + parts[name], 0);
}

/** The same shares of another total, in whole tokens; the sum is exactly the total. */
export function scaleParts(parts: RequestParts, totalTokens: number): RequestParts {
  const sum = sumOfParts(parts);
  if (sum === 0) {
    return { ...parts, conversation: totalTokens };
  }
  const scaled = requestPartNames.map((name) => {
    const exact = (parts[name] * totalTokens) / sum;
    return { name, tokens: Math.floor(exact), rest: exact - Math.floor(exact) };
  });
  let missing = totalTokens - scaled.reduce((total, { tokens }) => total + tokens, 0);
  const whole = { ...parts };
  for (const { name, tokens } of scaled.sort((a, b) => b.rest - a.rest)) {
    whole[name] = tokens + (missing > 0 ? 1 : 0);
    missing -= 1;
  }
  return whole;
}
