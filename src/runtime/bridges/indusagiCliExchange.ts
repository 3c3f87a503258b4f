import { isRecord, numberField, recordField, stringField } from '../../base/guard';
import { abortedFailure, oneLine, type Failure } from '../../events/failure';
import type { ChildExit, ExchangeParser, ExchangeParserContext, ParseStep } from '../contract';
import { JsonRpcPeer, rpcErrors, type RpcIncoming } from '../jsonRpcPeer';
import { turnText } from '../preamble';
import { exitFailure, resumeRejected, serviceFailure, wrongDialect } from './indusagiCliFailures';
import { PeerLink } from './indusagiCliLink';
import { toolCall } from './indusagiCliRpcBlocks';
import { callArguments } from './indusagiCliTools';
import { failed, notice, type Item } from './indusagiCliSteps';
import { UnknownKinds } from '../unknownKinds';

export interface ExchangeFormOptions {
  readonly agentName: string;
  readonly hasOtherForms: boolean;
}

/** What is kept of a child: it knows no `runExchange`, so it is spoken to over the link from the start. */
const linkNote = 'peer.isLink';

/** How long the opening request may stay without an answer of this dialect, where the exchange sets no time. */
const openingMs = 30_000;

/**
 * One exchange in the JSON-RPC form: `runExchange` with `stream/*` notifications; a child that does not know it (-32601)
 * is asked again over the link (`submit`, and frames `signal`, `ask`, `answer`, `tell`).
 *
 * Source: the public documentation of Indusagi; no server of either is public, so nothing here was seen on a wire.
 */
export class PeerExchangeParser implements ExchangeParser {
  private readonly rpc: JsonRpcPeer;
  private readonly link: PeerLink;
  private readonly calls = new Set<string>();
  private readonly unknownKinds = new UnknownKinds();
  private isLink: boolean;
  private hasDialect = false;
  private hasSpoken = false;
  private isOver = false;
  private wasInterrupted = false;
  private abortId: number | undefined;
  private nextCall = 0;

  constructor(
    private readonly context: ExchangeParserContext,
    private readonly options: ExchangeFormOptions,
  ) {
    this.rpc = new JsonRpcPeer({ hasVersionField: true, notes: context.notes });
    this.link = new PeerLink(context, options.agentName, (kind) => this.unknownKinds.add(kind));
    this.isLink = context.notes.get(linkNote) === true;
  }

  /** How often each kind of message came that this parser does not know. */
  get unknownMessages(): ReadonlyMap<string, number> {
    return this.unknownKinds.byKind;
  }

  open(): readonly unknown[] {
    if (this.isLink) {
      return this.submit();
    }
    const waitMs = this.context.opts.startTimeoutMs ?? openingMs;
    this.context.later?.(waitMs, () =>
      this.hasDialect || this.isOver ? { out: [] } : this.end(failed(this.misunderstood(''))),
    );
    return [this.rpc.request('runExchange', this.exchangeParams()).message];
  }

  /** The bridge dialect has no word for it; the link does. */
  interrupt(): readonly unknown[] {
    this.wasInterrupted = true;
    if (!this.isLink) {
      return [];
    }
    const { id, message } = this.rpc.request('abort', {});
    this.abortId = id;
    return [message];
  }

  explainExit(exit: ChildExit): Failure | undefined {
    return exitFailure(exit, {
      agentName: this.options.agentName,
      hasSpoken: this.hasSpoken,
      resume: this.context.resume,
      hasOtherForms: this.options.hasOtherForms,
    });
  }

  accept(message: unknown): ParseStep {
    if (this.isOver) {
      return { out: [] };
    }
    const settled = this.link.takeSettled();
    const step = this.read(message);
    return { ...step, out: [...settled, ...step.out.filter((item) => this.isNew(item))] };
  }

  /** A call is reported once, whatever comes twice under its id. */
  private isNew(item: Item): boolean {
    if (item.kind !== 'tool_call') {
      return true;
    }
    const isNew = !this.calls.has(item.call.id);
    this.calls.add(item.call.id);
    return isNew;
  }

  private read(message: unknown): ParseStep {
    const type = stringField(message, 'type');
    if (type === 'signal' || type === 'ask' || type === 'tell') {
      this.hasDialect = true;
      this.hasSpoken = true;
      return this.linkFrame(type, message);
    }
    if (!this.hasDialect && type === 'response') {
      // An answer of the rpc form: it took the opening request for a command that it does not know.
      return this.end(failed(this.misunderstood(stringField(message, 'error') ?? '')));
    }
    const incoming = this.rpc.accept(message);
    this.hasDialect ||= incoming.kind !== 'other';
    this.hasSpoken ||= incoming.kind !== 'other';
    switch (incoming.kind) {
      case 'notification':
        return this.notified(incoming.method, incoming.params);
      case 'request': {
        const step = this.notified(incoming.method, incoming.params);
        const reply = step.isKnown
          ? this.rpc.result(incoming.id, {})
          : this.rpc.error(incoming.id, rpcErrors.methodNotFound, `unknown: ${incoming.method}`);
        return { ...step, send: [reply] };
      }
      case 'result':
        return this.result(incoming);
      case 'error':
        return this.error(incoming);
      case 'other':
        return this.other(message, type);
    }
  }

  private notified(method: string, params: unknown): ParseStep & { readonly isKnown: boolean } {
    const known = (step: ParseStep): ParseStep & { readonly isKnown: boolean } => ({
      ...step,
      isKnown: true,
    });
    switch (method) {
      case 'stream/text':
      case 'stream/thinking': {
        const delta = stringField(params, 'delta') ?? stringField(params, 'text') ?? '';
        const kind = method === 'stream/text' ? 'text' : 'thinking';
        return known({ out: delta === '' ? [] : [{ kind, delta }] });
      }
      case 'stream/toolCall':
        return known({ out: this.toolCall(recordField(params, 'toolCall') ?? params) });
      case 'session/resume': {
        const token = stringField(params, 'resumeToken');
        return known({
          out: token === undefined || token === '' ? [] : [{ kind: 'resume', token }],
        });
      }
      case 'stream/done': {
        const reason = stringField(params, 'reason');
        return known(
          this.end({
            kind: 'finish',
            reason: reason === 'length' || reason === 'toolUse' ? reason : 'stop',
          }),
        );
      }
      case 'stream/error': {
        const said = stringField(params, 'message') ?? '';
        const isAborted = isRecord(params) && params.aborted === true;
        return known(this.end(failed(isAborted ? abortedFailure() : this.said(said))));
      }
      default:
        this.count(method);
        return { out: [], isKnown: false };
    }
  }

  private result(incoming: Extract<RpcIncoming, { readonly kind: 'result' }>): ParseStep {
    switch (incoming.method) {
      case 'runExchange':
        return this.end({ kind: 'finish', reason: 'stop' });
      case 'submit':
        return this.end(
          this.wasInterrupted ? failed(abortedFailure()) : { kind: 'finish', reason: 'stop' },
        );
      case 'abort':
        return incoming.id === this.abortId ? this.end(failed(abortedFailure())) : { out: [] };
      case 'snapshot':
        return { out: this.link.snapshot(incoming.result) };
      case 'resume':
        return { out: this.link.snapshot(incoming.result), send: this.turn() };
      default:
        return { out: [] };
    }
  }

  private error(incoming: Extract<RpcIncoming, { readonly kind: 'error' }>): ParseStep {
    const { method, code, message } = incoming;
    if (method === 'runExchange' && code === rpcErrors.methodNotFound) {
      this.isLink = true;
      this.context.notes.set(linkNote, true);
      return { out: [], send: this.submit() };
    }
    switch (method) {
      case 'submit':
        return this.end(
          failed(
            this.wasInterrupted
              ? abortedFailure()
              : code === rpcErrors.methodNotFound
                ? this.misunderstood(message)
                : this.said(message),
          ),
        );
      case 'resume':
        return this.end(failed(resumeRejected(this.options.agentName, message)));
      case 'runExchange':
        return this.end(failed(this.said(message)));
      case 'abort':
        return this.end(failed(abortedFailure()));
      default:
        // Without a snapshot the session cannot be taken up again later; the turn goes on.
        return { out: [] };
    }
  }

  /** An error without id answers a request that could not even be read. */
  private other(message: unknown, type: string | undefined): ParseStep {
    const error = recordField(message, 'error');
    if (
      isRecord(message) &&
      error !== undefined &&
      (message.id === null || message.id === undefined)
    ) {
      const said = stringField(error, 'message') ?? '';
      return this.hasDialect
        ? { out: [notice('warning', 'agent_error', oneLine(`${this.options.agentName}: ${said}`))] }
        : this.end(
            failed(this.misunderstood(`${numberField(error, 'code') ?? ''} ${said}`.trim())),
          );
    }
    this.count(type ?? 'nothing');
    return { out: [] };
  }

  private linkFrame(type: 'signal' | 'ask' | 'tell', message: unknown): ParseStep {
    switch (type) {
      case 'ask':
        return this.link.ask(message);
      case 'tell':
        return { out: this.link.tell(message) };
      case 'signal': {
        const { out, end } = this.link.signal(message, this.wasInterrupted);
        return end === undefined ? { out } : this.end(end, out);
      }
    }
  }

  private submit(): readonly unknown[] {
    const { resume, isContinuation } = this.context;
    return resume !== undefined && !isContinuation
      ? [this.rpc.request('resume', { sessionId: resume }).message]
      : this.turn();
  }

  private turn(): readonly unknown[] {
    return [
      this.rpc.request('snapshot', {}).message,
      this.rpc.request('submit', { input: this.prompt(true) }).message,
    ];
  }

  private prompt(withInstructions: boolean): string {
    const { context, model, resume, isContinuation } = this.context;
    const text = turnText(context, model, isContinuation || resume !== undefined);
    return !withInstructions || isContinuation || context.systemPrompt === ''
      ? text
      : `<instructions>\n${context.systemPrompt}\n</instructions>\n\n${text}`;
  }

  private exchangeParams(): Readonly<Record<string, unknown>> {
    const { context, model, opts, resume, spec } = this.context;
    const delegate = spec?.delegate ?? model.runtime?.delegate;
    const newest = context.messages.findLast(({ role }) => role === 'user');
    const images = newest?.role === 'user' ? newest.images : undefined;
    return {
      prompt: this.prompt(false),
      ...(images === undefined || images.length === 0 ? {} : { images }),
      ...(context.systemPrompt === '' ? {} : { systemPrompt: context.systemPrompt }),
      ...(model.model === '' || model.model === 'default' ? {} : { model: model.model }),
      ...(opts.cwd === undefined ? {} : { cwd: opts.cwd }),
      ...(opts.reasoning === undefined ? {} : { reasoning: opts.reasoning }),
      ...(resume === undefined ? {} : { resumeToken: resume }),
      ...(delegate === undefined ? {} : { delegate }),
    };
  }

  private toolCall(call: unknown): readonly Item[] {
    const name = stringField(call, 'name') ?? stringField(call, 'toolName');
    if (name === undefined) {
      return [];
    }
    this.nextCall += 1;
    const id = stringField(call, 'id') ?? stringField(call, 'callId') ?? `${name}-${this.nextCall}`;
    return [toolCall(id, name, callArguments(call))];
  }

  /** The peer's own words about what went wrong. */
  private said(message: string): Failure {
    const { resume } = this.context;
    const isUnknownSession =
      resume !== undefined &&
      /(session|resume).{0,60}(not found|unknown|does not exist|expired|invalid)|unknown (session|resume)/i.test(
        message,
      );
    return isUnknownSession
      ? resumeRejected(this.options.agentName, message)
      : serviceFailure(this.options.agentName, message);
  }

  private misunderstood(detail: string): Failure {
    return wrongDialect(this.options.agentName, detail);
  }

  private end(terminal: Item, out: readonly Item[] = []): ParseStep {
    this.isOver = true;
    return { out: [...out, terminal], isOver: true };
  }

  private count(kind: string): void {
    this.unknownKinds.add(kind);
  }
}
