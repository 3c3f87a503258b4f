import {
  arrayField,
  idField,
  isJsonObject,
  isNumber,
  isRecord,
  isString,
  numberField,
  recordField,
  stringField,
} from '../../base/guard';
import type { JsonObject } from '../../base/json';
import { toolError, toolOk, type ToolResult, type ToolResultDetails } from '../../events/toolCall';
import type { ParseStep, ToolCallEvent } from '../contract';
import {
  contentDiffs,
  contentTerminals,
  contentText,
  hasOddDiff,
  locationPaths,
  unifiedDiff,
  type AcpDiff,
} from './acpContent';
import type { AcpQuirks } from './acpProfiles';
import { UnnamedIds } from '../unnamedIds';

type Item = ParseStep['out'][number];

/** A call of the agent as far as it is known. Later reports replace the fields they have. */
export interface AcpCall {
  readonly id: string;
  /** The agent's own name of the tool where it is known, else the protocol's kind. */
  readonly name: string;
  /** Set for a call of a tool of ours that is run by us. */
  readonly ownName: string | undefined;
  readonly title: string;
  readonly kind: string;
  readonly input: JsonObject;
  readonly paths: readonly string[];
  readonly diffs: readonly AcpDiff[];
  /** There are changes beside the diffs that nobody can read. */
  readonly hasOddDiff: boolean;
  readonly terminals: readonly string[];
  readonly text: string;
  readonly parentCallId: string | undefined;
}

interface Tracked {
  call: AcpCall;
  /** The `tool_call` event is out. */
  isReported: boolean;
  isDone: boolean;
  diff: string | undefined;
  progress: string;
}

/** More calls than this in one exchange, and the oldest finished ones are forgotten. */
const maxTracked = 1000;

const maxProgressChars = 4000;

/**
 * The calls that an agent reports, from `tool_call`, `tool_call_update` and questions, in whatever order they come: an
 * update of a call that was never announced makes it. A call is passed on once, with the best input there is: when it
 * leaves `pending`, at a question about it, at its end, or at that of the exchange.
 */
export class AcpCalls {
  private readonly tracked = new Map<string, Tracked>();
  private readonly unnamed = new UnnamedIds();

  constructor(
    private readonly quirks: () => AcpQuirks,
    /** What a call without an id is called; ids of calls are unique in a conversation. */
    private readonly unnamedCall: string,
    /** Where the agent works with our tools. */
    private readonly own?: {
      readonly nameOf: (toolName: string) => string | undefined;
      /** The result that we gave, in the place of the agent's report of it. */
      readonly takeResult: (callId: string) => ToolResult | undefined;
    },
  ) {}

  update(update: unknown, isFirst: boolean): readonly Item[] {
    const status = stringField(update, 'status');
    const isEnd = status === 'completed' || status === 'failed';
    const id = idField(update, 'toolCallId') ?? this.unnamedId(isFirst, isEnd);
    const tracked = this.merge(id, update);
    if (tracked.isDone) {
      return [];
    }
    if (isEnd) {
      return [...this.report(id), ...this.finish(tracked, status === 'completed', update)];
    }
    if (status !== 'in_progress') {
      // Still pending: claude-agent-acp streams the input in parts until it asks.
      return [];
    }
    const out = this.report(id);
    if (isFirst) {
      // What an announcement has to say is a description, not progress.
      tracked.progress = tracked.call.text;
      return out;
    }
    return [...out, ...this.progress(tracked)];
  }

  /** An announcement without an id is of another call than the one before it. */
  private unnamedId(isFirst: boolean, isEnd: boolean): string {
    const name = this.unnamedCall;
    if (isFirst && this.tracked.has(this.unnamed.current(name))) {
      this.unnamed.last(name);
    }
    return isEnd ? this.unnamed.last(name) : this.unnamed.current(name);
  }

  /** What a question says of its call, which is for this question only; reports the call. */
  asked(toolCall: unknown): { readonly call: AcpCall; readonly out: readonly Item[] } | undefined {
    const id = idField(toolCall, 'toolCallId');
    if (id === undefined) {
      return undefined;
    }
    const known = this.tracked.get(id)?.call;
    const { call } =
      known === undefined ? this.merge(id, toolCall) : { call: this.toCall(id, known, toolCall) };
    return { call, out: this.report(id) };
  }

  /** The `tool_call` event, unless it is out already. */
  report(id: string): readonly ToolCallEvent[] {
    const tracked = this.tracked.get(id);
    if (tracked === undefined || tracked.isReported) {
      return [];
    }
    tracked.isReported = true;
    const { call } = tracked;
    const nested = call.parentCallId === undefined ? {} : { parentCallId: call.parentCallId };
    return [
      {
        kind: 'tool_call',
        call: { id, name: call.name, arguments: shownInput(call), executedBy: 'child', ...nested },
        ...nested,
      },
    ];
  }

  /** Ends a call that was denied: not every agent says anything about it afterwards. */
  deny(id: string, why: string): readonly Item[] {
    const tracked = this.tracked.get(id);
    if (tracked === undefined || tracked.isDone) {
      return [];
    }
    const out = [...this.report(id), result(tracked.call, toolError(why, { outcome: 'denied' }))];
    this.slim(tracked);
    return out;
  }

  /** The calls that are still held back, because nobody has said that they begin: for the end of the exchange. */
  reportAll(): readonly ToolCallEvent[] {
    return [...this.tracked.keys()].flatMap((id) => this.report(id));
  }

  /** The newest open call that fits: what a delegated call of the agent belongs to. */
  findOpen(fits: (call: AcpCall) => boolean): AcpCall | undefined {
    return [...this.tracked.values()].findLast(({ call, isDone }) => !isDone && fits(call))?.call;
  }

  get(id: string): AcpCall | undefined {
    return this.tracked.get(id)?.call;
  }

  private merge(id: string, update: unknown): Tracked {
    const known = this.tracked.get(id);
    if (known?.isDone === true) {
      return known;
    }
    const call = this.toCall(id, known?.call, update);
    const tracked: Tracked = known ?? {
      call,
      isReported: false,
      isDone: false,
      diff: undefined,
      progress: '',
    };
    tracked.call = call;
    tracked.diff = agentDiff(update) ?? tracked.diff;
    this.tracked.set(id, tracked);
    this.forgetSome();
    return tracked;
  }

  private toCall(id: string, before: AcpCall | undefined, update: unknown): AcpCall {
    const content = arrayField(update, 'content');
    const input = recordField(update, 'rawInput');
    const title = stringField(update, 'title') ?? before?.title ?? '';
    const kind = stringField(update, 'kind') ?? before?.kind ?? 'other';
    const claude = recordField(recordField(update, '_meta'), 'claudeCode');
    const locations = locationPaths(update);
    const name = before?.name ?? toolName(id, title, kind, claude, this.quirks());
    const ownName = before === undefined ? this.own?.nameOf(name) : before.ownName;
    return {
      id,
      title,
      kind,
      name: ownName ?? name,
      ownName,
      input: {
        ...before?.input,
        ...(isJsonObject(input) ? input : {}),
      },
      paths: locations.length > 0 ? locations : (before?.paths ?? []),
      diffs: content === undefined ? (before?.diffs ?? []) : contentDiffs(content),
      hasOddDiff: content === undefined ? (before?.hasOddDiff ?? false) : hasOddDiff(content),
      terminals: content === undefined ? (before?.terminals ?? []) : contentTerminals(content),
      text: content === undefined ? (before?.text ?? '') : contentText(content),
      parentCallId: stringField(claude, 'parentToolUseId') ?? before?.parentCallId,
    };
  }

  private progress(tracked: Tracked): readonly Item[] {
    const { call } = tracked;
    if (call.text === '' || call.text === tracked.progress) {
      return [];
    }
    tracked.progress = call.text;
    return [
      {
        kind: 'observation',
        observation: {
          kind: 'tool_progress',
          callId: call.id,
          text: call.text.slice(-maxProgressChars),
          ...nestedIn(call),
        },
      },
    ];
  }

  private finish(tracked: Tracked, isOk: boolean, update: unknown): readonly Item[] {
    const { call } = tracked;
    const given = this.own?.takeResult(call.id);
    if (given !== undefined) {
      this.slim(tracked);
      return [result(call, given)];
    }
    const output = outputOf(call, update);
    if (call.ownName !== undefined && !isOk) {
      // Ours has not ended: the agent was stopped, or gave the call up.
      this.slim(tracked);
      const why = output === '' ? 'The agent gave this call up.' : output;
      return [result(call, toolError(why, { outcome: 'aborted' }))];
    }
    const ownDiff = unifiedDiff(call.diffs);
    const diff = tracked.diff ?? (ownDiff === '' ? undefined : ownDiff);
    this.slim(tracked);
    const exitCode = numberField(recordField(recordField(update, 'rawOutput'), 'metadata'), 'exit');
    const details: ToolResultDetails = {
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(exitCode === undefined || exitCode === 0 ? {} : { summary: `exit ${exitCode}` }),
      ...(diff === undefined ? {} : { diff }),
    };
    const known = Object.keys(details).length === 0 ? undefined : details;
    const paths = [...new Set([...call.diffs.map(({ path }) => path), ...call.paths])];
    const isChange = isOk && ['edit', 'delete', 'move'].includes(call.kind) && paths.length > 0;
    return [
      result(
        call,
        isOk
          ? toolOk(output, known)
          : toolError(output === '' ? 'The call failed.' : output, known),
      ),
      ...(isChange
        ? [
            {
              kind: 'observation' as const,
              observation: {
                kind: 'file_change' as const,
                callId: call.id,
                paths,
                ...nestedIn(call),
              },
            },
          ]
        : []),
    ];
  }

  /** A call that is over is only remembered by its name. */
  private slim(tracked: Tracked): void {
    tracked.isDone = true;
    tracked.diff = undefined;
    tracked.progress = '';
    tracked.call = { ...tracked.call, input: {}, diffs: [], text: '' };
  }

  private forgetSome(): void {
    if (this.tracked.size <= maxTracked) {
      return;
    }
    for (const [id, { isDone }] of this.tracked) {
      if (isDone) {
        this.tracked.delete(id);
        return;
      }
    }
    const [oldest] = this.tracked.keys();
    if (oldest !== undefined) {
      this.tracked.delete(oldest);
    }
  }
}

function result(call: AcpCall, value: ToolResult): Item {
  return {
    kind: 'observation',
    observation: { kind: 'tool_result', callId: call.id, result: value, ...nestedIn(call) },
  };
}

function nestedIn(call: AcpCall): { readonly parentCallId?: string } {
  return call.parentCallId === undefined ? {} : { parentCallId: call.parentCallId };
}

/** opencode's first title is the tool's name; gemini-cli has it in the id; claude-agent-acp says it beside. */
function toolName(
  id: string,
  title: string,
  kind: string,
  claude: unknown,
  quirks: AcpQuirks,
): string {
  const named = stringField(claude, 'toolName');
  if (named !== undefined) {
    return named;
  }
  const prefix = quirks.namesToolInCallId ? /^([\w.-]+?)__/.exec(id)?.[1] : undefined;
  return prefix ?? (/^[a-z][\w-]{0,40}$/.test(title) ? title : kind === 'other' ? 'tool' : kind);
}

/** What the card shows: the input, or what else is told of the call where there is none. */
export function shownInput(call: AcpCall): JsonObject {
  if (Object.keys(call.input).length > 0) {
    return call.input;
  }
  const [path] = call.paths;
  return {
    ...(call.kind === 'execute' ? { command: call.title } : { title: call.title }),
    ...(path === undefined ? {} : { path }),
  };
}

/** The agent's own output where it gives it raw, else the texts of the content. */
function outputOf(call: AcpCall, update: unknown): string {
  const raw = isRecord(update) ? update.rawOutput : undefined;
  if (isString(raw) && raw !== '') {
    return raw;
  }
  return stringField(raw, 'error') ?? stringField(raw, 'output') ?? call.text;
}

/** A unified diff that the agent made itself: opencode's, or the structured patch of Claude Code. */
function agentDiff(update: unknown): string | undefined {
  const metadata = recordField(recordField(update, 'rawOutput'), 'metadata');
  const diff = stringField(metadata, 'diff');
  if (diff !== undefined && diff !== '') {
    return diff;
  }
  const response = recordField(
    recordField(recordField(update, '_meta'), 'claudeCode'),
    'toolResponse',
  );
  const path = stringField(response, 'filePath');
  const hunks = (arrayField(response, 'structuredPatch') ?? []).flatMap((hunk) => {
    const lines = (arrayField(hunk, 'lines') ?? []).filter(isString);
    const numbers = ['oldStart', 'oldLines', 'newStart', 'newLines'].map((name) =>
      numberField(hunk, name),
    );
    return lines.length === 0 || !numbers.every(isNumber)
      ? []
      : [`@@ -${numbers[0]},${numbers[1]} +${numbers[2]},${numbers[3]} @@\n${lines.join('\n')}\n`];
  });
  return path === undefined || hunks.length === 0
    ? undefined
    : `--- ${path}\n+++ ${path}\n${hunks.join('')}`;
}
