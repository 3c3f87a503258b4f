/**
 * The manifest of what Patchbay must do: one line per requirement. A line without `open` is proven by a test whose title
 * cites its id in brackets; `open` names the milestone that will close it. A gate test holds both to the truth.
 */
export const milestones = ['first-light', 'agents', 'gate', 'review', 'transcript'] as const;

export type Milestone = (typeof milestones)[number];

export interface Requirement {
  readonly text: string;
  readonly open?: Milestone;
}

export const requirements: Readonly<Record<string, Requirement>> = {
  R1: {
    text: 'A model is annotated, not re-catalogued: attaching an ExternalRuntimeSpec returns a new object',
  },
  R2: { text: 'Spec fields: adapter, authMode required' },
  R3: {
    text: 'runtimeEndpoint(adapter) returns bridge:<adapter> and is the only place that builds it (a lint rule or a grep test finds no other literal)',
  },
  R4: { text: 'A model with no spec routes to framework' },
  R5: {
    text: 'A model with a spec whose adapter has a registered bridge routes to external with exactly that bridge and spec',
  },
  R6: {
    text: 'A model with a spec whose adapter is not registered routes to framework in route()',
  },
  R7: {
    text: 'but exchange() never sends a bridge: address to the network: a spec without bridge, or without a transport factory, ends in a typed error event …',
  },
  R8: { text: 'register is keyed by bridge.adapter' },
  R9: { text: 'The adapter id is an open string' },
  R10: {
    text: "Spec lookup order: the user's side table by canonical model id, then table by adapter decoded from bridge:<adapter>; a custom adapter resolves too, …",
  },
  R11: {
    text: 'route() accepts context and options, but the base decision depends on the model alone: the same model with other contexts gives the same route',
  },
  R12: {
    text: 'route() and resolveSpec() have no side effect: no file, no process, no network (fakes record zero calls)',
  },
  R13: {
    text: 'The broker is asked every turn: changing the model between two turns changes the route of the second turn only',
  },
  R14: { text: 'exchange(model, context, opts) is the only entry the product uses' },
  R15: {
    text: 'The transport factory is called lazily, on an external route only, exactly once per exchange attempt, with {spec, model, opts, resume}',
  },
  R16: {
    text: 'Nothing throws out of exchange(): a factory that throws, a bridge that throws, a network SDK that throws all end as an error event in the stream',
  },
  R17: {
    text: 'Catalog of runtimes is data: BUILTIN_RUNTIME_SPECS with claude-cli, codex-cli, indusagi-cli, all external-cli',
  },
  R18: { text: 'binaryPath, args, env are machine-scoped settings' },
  R19: {
    text: "args go in front of the bridge's protocol flags, but after a subcommand the bridge needs (codex exec <args> --json ...)",
  },
  R20: {
    text: "env is merged over the allow-listed part of the inherited environment (R72; the agent's own key variables that the user's environment holds pass, …",
  },
  R21: { text: 'delegate reaches only bridges that front another source' },
  R22: { text: 'The union has exactly text, thinking, tool_call, resume, finish, failed' },
  R23: { text: 'Events are immutable values' },
  R24: { text: 'start() is idempotent and lazy: no emission, no start event' },
  R25: { text: 'text(delta) opens a text block on its first call (text_start), then text_delta' },
  R26: { text: 'thinking(delta) the same with thinking blocks' },
  R27: { text: 'An empty delta neither opens a block nor emits an event' },
  R28: {
    text: 'toolCall(call) closes an open block and emits one self-contained block: toolcall_start, one toolcall_delta with the JSON arguments, toolcall_end',
  },
  R29: { text: "contentIndex is the block's position in message.content" },
  R30: {
    text: '(should) Every event carries a snapshot that later events do not change (partial of event 3 is unaltered after event 9)',
  },
  R31: { text: 'emit(event) maps each kind onto its method' },
  R32: {
    text: 'finishSuccess(reason = "stop") closes the open block, then exactly one done with reason stop, length or toolUse and the final message',
  },
  R33: { text: 'finishError(failure) emits exactly one error' },
  R34: {
    text: 'On error the open block is closed first and the text so far is kept in the message',
  },
  R35: { text: 'Terminal is final: any emission after done/error is dropped without throwing' },
  R36: {
    text: 'finishSuccess with no earlier emission still yields start then done with empty content',
  },
  R37: {
    text: 'The message is stamped with api, provider, model of the bound model, so an external turn looks like a network turn',
  },
  R38: { text: 'Usage is zero unless the bridge reports some' },
  R39: { text: 'failure.message is one line' },
  R40: {
    text: 'A tool call that a child *reports* carries executedBy: "child"; the agent loop and the orchestrator never execute it (they authorize it)',
  },
  R41: {
    text: 'Side channel beside the sink, for what the union leaves out: a second closed union, Observation: tool_result, tool_progress, permission_request …',
  },
  R42: {
    text: 'No bridge touches the event stream directly (import rule: src/runtime/bridges must not import the stream class)',
  },
  R43: {
    text: 'Event types: start, text_start|delta|end, thinking_start|delta|end, toolcall_start|delta|end, done, error',
  },
  R44: { text: 'Async-iterable' },
  R45: {
    text: 'result() resolves with the final message on done and on error (it does not reject)',
  },
  R46: {
    text: '(should) resultWithTimeout(ms), filter, map, bounded getHistory(historyLimit) should exist',
  },
  R47: { text: 'The queue is bounded: a slow consumer makes deltas of the same block merge' },
  R48: {
    text: 'More than one consumer is possible (webview, transcript, audit) by an explicit fan-out',
  },
  R49: {
    text: 'Options pass through both arms unchanged: signal, apiKey, temperature, maxTokens, reasoning (minimal|low|medium|high|xhigh), sessionId, headers, …',
  },
  R50: {
    text: 'A network stream started with an aborted signal ends as error/aborted without a request',
  },
  R51: {
    text: 'Cross-model hand-over: when a turn goes to another model than the one which made an assistant message, signatures and redacted thinking are dropped, …',
  },
  R52: { text: "max_tokens is bounded by the model's own maximum" },
  R53: {
    text: 'A bridge depends only on ChildTransport {send, onMessage, close}; no bridge or broker file imports child_process (import rule)',
  },
  R54: { text: 'Payload and body are opaque to the transport: it relays, it does not interpret' },
  R55: { text: 'send resolves when the request is handed over' },
  R56: { text: 'onMessage returns a disposer' },
  R57: { text: 'close is idempotent and safe on a closed transport' },
  R58: { text: 'The transport reports its end: onExit({code, signal, stderrTail})' },
  R59: {
    text: 'Messages that arrive before the first listener are kept and delivered to it in order',
  },
  R60: {
    text: 'Driver: subscribe the parser, send the opening request, settle on a terminal parse step, on closure, on abort, or on a thrown parser',
  },
  R61: {
    text: '(should, the form is free) A parser yields events and observations for one message and says when the exchange is over',
  },
  R62: { text: 'A failing send of the opening request ends the exchange as failed' },
  R63: { text: "A parser that throws ends the exchange as failed with the parser's message" },
  R64: {
    text: 'Abort before start settles as aborted asynchronously (never inside the call that returned the stream), and the transport is closed',
  },
  R65: {
    text: "Abort is graceful first (the dialect's interrupt), then terminate, then kill of the whole process tree, each with its own deadline (default: 2 s, 2 s)",
  },
  R66: {
    text: 'A child that exits without a terminal message ends as failed with exit code and the last lines of stderr (redacted), unless the exit follows our abort',
  },
  R67: {
    text: 'Exit 0 with text but without terminal message: failed too ("ended early"), text kept',
  },
  R68: { text: 'The exchange stream is populated asynchronously' },
  R69: {
    text: 'Line framing: split strictly on \\n, accept \\r\\n, skip blank lines, reassemble UTF-8 across chunks, accept an unterminated last line',
  },
  R70: { text: 'A line that is not JSON is reported as a notice and skipped' },
  R71: {
    text: 'One child may serve many exchanges where the dialect allows it (stream-json input, app-server, link)',
  },
  R72: { text: 'The environment given to a child is an allow-list plus spec.env' },
  R73: { text: 'Windows: a .cmd/.bat shim is resolved to its real executable or node script' },
  R74: { text: 'The prompt goes through stdin, never argv' },
  R75: { text: 'cwd is the chosen workspace folder' },
  R76: {
    text: 'A bridge holds no per-session state on its surface: two exchanges of one bridge object running at once do not mix',
  },
  R77: { text: 'Unknown message types are ignored and counted, not fatal (forward compatibility)' },
  R78: { text: 'claude: system/init with session_id gives resume' },
  R79: {
    text: 'claude: text and thinking deltas are read from stream_event when partial messages are on, from whole assistant messages when not',
  },
  R80: {
    text: 'claude: tool call arguments come from the collected input_json_delta or from the whole assistant block, never from content_block_start alone (its …',
  },
  R81: {
    text: 'claude: the last stop_reason is remembered (max_tokens -> length, else stop: the child has run its own calls), but **only result ends the …',
  },
  R82: { text: 'claude: a result with error subtype or is_error ends as failed' },
  R83: { text: 'codex: thread.started gives resume with thread_id' },
  R84: {
    text: 'codex: item.* of type agent_message -> text, reasoning -> thinking, command_execution, file_change, mcp_tool_call, web_search -> tool call plus …',
  },
  R85: { text: 'codex: item.updated with growing text is turned into deltas by prefix comparison' },
  R86: {
    text: 'codex: turn.completed ends with stop (toolUse only for calls the child did not execute itself, which exec never has)',
  },
  R87: { text: 'codex: arguments may be object or JSON string' },
  R88: {
    text: 'peer: frames with method are notifications: stream/text, stream/thinking, stream/toolCall, session/resume, stream/done (reason length/toolUse/else …',
  },
  R89: { text: 'peer: a frame without method is a response: error -> failed' },
  R90: { text: 'peer: the opening request is probed: runExchange (bridge dialect)' },
  R91: {
    text: 'peer link: signal names text, thinking, tool_start, tool_end, turn_end, fault, idle, queue, persisted, compacted, prompt are mapped or ignored as …',
  },
  R92: { text: 'peer: delegate of the spec is forwarded in the opening request' },
  R93: { text: 'ACP is one more adapter (acp:<agent>), registered by the same open registry' },
  R94: {
    text: "Model choice, effort, allowed tools, permission mode and extra folders of the panel are translated into each dialect's flags or control messages; what a dialect cannot take is greyed out, not silently dropped",
  },
  R95: {
    text: 'Each bridge has a recorded corpus of real child output (by CLI version) and a replay test',
  },
  R96: {
    text: 'The record is {source, bridge, resumeToken, at}, at ISO-8601, stored under the tag external-runtime-link as a custom transcript entry on the active …',
  },
  R97: { text: 'The record also stores model, cwd, entryId and CLI version (additive' },
  R98: { text: 'Reuse key = source|model|bridge' },
  R99: { text: 'A token from an abandoned branch is never reused' },
  R100: { text: 'save and find may be sync or async' },
  R101: {
    text: 'A slow or failing store never breaks a turn: find has a deadline (proposal 500 ms) after which the exchange starts fresh',
  },
  R102: { text: 'save is called for each new token' },
  R103: {
    text: '(should) The tap reads the messages independently of the parser and knows session_id (init), thread_id (thread.started), resumeToken (session/resume)',
  },
  R104: { text: 'An explicit opts.resume beats a stored token' },
  R105: { text: 'With a live token only the new user turn is sent' },
  R106: {
    text: 'Turns made elsewhere since the token was taken (another bridge, the network) are summarised into the next external prompt',
  },
  R107: {
    text: "A fork of the transcript before the token's entry starts a new child session (or the dialect's fork flag), so that the child does not remember turns …",
  },
  R108: {
    text: 'A stale token (child says it does not know the session) leads to exactly one retry without token, with preamble, and a notice',
  },
  R109: { text: "Another cwd than the record's means no reuse" },
  R110: {
    text: 'Tokens are not secrets of the first order but are not shown in the webview and are redacted in exported transcripts',
  },
  R111: { text: 'requiresCredential(spec): external-cli false, api-key true' },
  R112: { text: 'A model whose runtime needs no credential is offered with an empty vault' },
  R113: { text: 'The predicate answers the runtime question only' },
  R114: {
    text: 'Keys live in SecretStorage, several named accounts per provider, first stored is the default, removal of the default promotes another',
  },
  R115: {
    text: 'Key lookup order: requested account, default account, first account, environment variable of the provider',
  },
  R116: { text: 'Validation on entry: not empty' },
  R117: {
    text: "For external-cli no key of ours is put into the child's environment (it would change who is billed)",
  },
  R118: {
    text: 'Whether a CLI is installed and logged in is probed on demand with a deadline and shown in the model picker (installed / logged in / version)',
  },
  R119: {
    text: "Every tool call of the host's agent loop goes through execute(name, args, {modelId})",
  },
  R120: {
    text: 'Fixed order: permission gate, audit of the decision, cache look-up, execution with timeout, audit of the outcome, cache invalidation or store, …',
  },
  R121: {
    text: 'execute never rejects: every failure is a result with error (fuzz: throwing gate, throwing tool, throwing audit, unserialisable arguments, closed …',
  },
  R122: {
    text: "A denial gives error text Tool '<name>' denied: <reason>, an audit entry of kind denied with the reason, and no execution, no cache access",
  },
  R123: {
    text: 'The gate runs before the cache: content cached while allowed is not served after the permission is withdrawn',
  },
  R124: { text: 'Denials and errors are never cached' },
  R125: { text: 'modelId defaults to unknown and is on every audit entry' },
  R126: { text: 'Unknown tool name gives an error result, audited' },
  R127: { text: 'Timeout: default 30 s, configurable' },
  R128: {
    text: 'A timeout really stops the tool: an AbortSignal is given to every tool and a child process tree is killed',
  },
  R129: { text: "Time spent waiting for the user's decision does not count against the timeout" },
  R130: { text: 'Waiting for a free slot does not count against it either' },
  R131: {
    text: "Shell tools: their own timeout is clamp(user value, 1 s, cap), the cap below the orchestrator's by a margin so that the tool's own kill wins",
  },
  R132: {
    text: 'A tool that throws a timeout error of its own is reported as an error, not as our timeout',
  },
  R133: {
    text: 'A hung tool does not freeze the agent loop or the window: the extension host event loop stays responsive (max delay measured in a test)',
  },
  R134: { text: 'Independent read-only calls of one assistant message run in parallel (limit 4)' },
  R135: { text: 'Shutdown: no new jobs, pending ones cancelled, running ones signalled' },
  R136: { text: 'Tools register themselves before the first execute' },
  R137: { text: 'Results have output, error, ok' },
  R138: { text: 'getPermittedSpecs() leaves out the always-denied tools only' },
  R139: {
    text: 'It includes the registered plugin tools and gives both the OpenAI and the Anthropic form',
  },
  R140: {
    text: 'Permission modes: ask, accept-edits, plan (read only), auto, as the table in SECURITY-MODEL.md section 3 defines them',
  },
  R141: {
    text: 'The same gate answers the permission requests of the children (claude can_use_tool, codex approvals, ACP session/request_permission, peer ask)',
  },
  R142: {
    text: 'A pending prompt is settled as denied when its turn, its session or the host ends (a window reload ends the host',
  },
  R143: {
    text: 'Paths in arguments are resolved against the workspace folder once, before the gate, and the gate, the cache, the tool and the hooks all see the same …',
  },
  R144: { text: "Arguments are validated against the tool's schema before the gate" },
  R145: { text: 'Only tools on an explicit list are cached (read_file)' },
  R146: { text: 'Key = tool, absolute path, modification time, sorted other arguments' },
  R147: {
    text: 'The key holds the path as a URI (so that : in C:\\... and remote schemes do no harm), mtime in full resolution, and size',
  },
  R148: { text: 'The stat is taken before the read and again after it' },
  R149: { text: 'A missing path argument or a failing stat means no caching' },
  R150: {
    text: 'Deep copy on put and on get: changing a returned result does not change the cache',
  },
  R151: { text: 'LRU with at most 100 entries' },
  R152: {
    text: 'Writing by any write tool removes all entries of that path, whether the write succeeded or not',
  },
  R153: { text: 'A FileSystemWatcher, a document change and a save invalidate too' },
  R154: { text: 'A hit is audited as cache_hit' },
  R155: { text: 'One cache per process is shared by all sessions (keys are absolute)' },
  R156: { text: 'Hooks run only after a successful write tool' },
  R157: {
    text: 'Hooks are a list that can be extended: invalidate the file cache of that path, diagnostics, an index if one is registered',
  },
  R158: {
    text: 'Hooks run also without a project id and use the workspace folder of the path, not the process cwd',
  },
  R159: {
    text: 'Further hooks: refresh diagnostics of that file and give new errors to the model; format on request; source-control refresh; record the before-image for undo',
  },
  R160: {
    text: 'Diff: semantic diff first where difft is installed (at most 30 lines, then a count of the rest, 10 s), else our own line diff (R162), at most 500 …',
  },
  R161: { text: 'The semantic diff compares the before-image with the new file (two paths)' },
  R162: { text: 'Without difft: our own line diff in unified form with the same limits' },
  R163: {
    text: 'Two forms: the short one for the model (counts against its tokens), the full one for the inline review and the chat card',
  },
  R164: {
    text: 'The diff does not delay the result: it has its own deadline and runs beside the audit',
  },
  R165: { text: 'File tools accept both path and file_path, as the origin does' },
  R166: {
    text: 'Writes go through workspace.applyEdit/workspace.fs, keep encoding, end-of-line and final newline, are checked against the version last read (no …',
  },
  R167: { text: 'Name is plugin.<plugin>.<tool> inside Patchbay' },
  R168: {
    text: 'Calls go through IPC, never in-process: the host loads no plugin code',
  },
  R169: { text: 'They pass execute(): gate, timeout, audit' },
  R170: { text: 'An error in the reply becomes an error result' },
  R171: { text: 'A server that fails to start or answer is skipped with a notice' },
  R172: {
    text: 'Tool list changes announced by the server take effect at the next turn',
  },
  R173: { text: 'Server config: command+args+env or url+headers, timeout, enabled' },
  R174: {
    text: 'One decision record per call with tool, arguments, model, decision (denied: the reason), then one outcome record',
  },
  R175: {
    text: 'Two fields instead of one: decision (how it was permitted) and outcome (ok, error, timeout, cache_hit, denied, aborted), plus duration, result size …',
  },
  R176: { text: 'Tool calls executed by a child are logged too, executedBy: child' },
  R177: { text: '"Immutable" is made true: append-only NDJSON with a hash chain' },
  R178: {
    text: 'Secrets are redacted before writing (keys, tokens, .env values, bearer headers)',
  },
  R179: {
    text: 'A failing audit write does not fail the call but shows once and is counted',
  },
  R180: { text: 'Pure data structure: no model call, no I/O (import rule)' },
  R181: {
    text: 'Turn: role, content, tokens, toolName, toolCallId, toolCalls, nonDroppable, nonDroppableReason',
  },
  R182: { text: 'toMessage() has no internal field' },
  R183: { text: 'toCompressDict() = message plus nonDroppable and reason when set' },
  R184: {
    text: 'fromMessage turns missing or null content into the empty string and keeps call ids',
  },
  R185: { text: 'assistantWithToolCalls has empty content' },
  R186: { text: 'append does not evict' },
  R187: {
    text: 'tokenCount is kept incrementally and always equals the sum over the turns (property test over random operations)',
  },
  R188: {
    text: 'prependSystem inserts at 0, or replaces the system turn at 0 and corrects the count',
  },
  R189: {
    text: 'maybeEvict(budget?) drops the oldest evictable things until within budget, returns how many',
  },
  R190: { text: 'System turns are kept' },
  R191: { text: 'An assistant turn with tool calls goes together with all its results' },
  R192: { text: 'The unit of eviction is the exchange (user turn up to the next user turn)' },
  R193: {
    text: 'If the budget cannot be met, the store says so (overflow) instead of looping or cutting the question',
  },
  R194: { text: 'Eviction of n turns is O(n) in total' },
  R195: {
    text: 'First compress, then drop: replaceOldestToolResults(summary, tokens) replaces tool results above 200 tokens, oldest first, keeping toolName and …',
  },
  R196: {
    text: 'It does nothing when already within budget, never replaces by something larger, skips nonDroppable, keeps flags, writes a summary per result (tool, …',
  },
  R197: {
    text: 'nonDroppable means verbatim through compression (example in the origin: an unverified write)',
  },
  R198: {
    text: 'budgetRatio = tokens / max, may exceed 1, is 0 when max is 0; it feeds the context gauge',
  },
  R199: { text: 'toTurns() is a snapshot' },
  R200: { text: 'Default limit 120 000 tokens' },
  R201: { text: 'Token numbers: provider usage where reported anchors the estimate' },
  R202: { text: 'Two layers: the live window, and the store on disk' },
  R203: {
    text: 'One append-only NDJSON per session: a head line (session id, active leaf) and entry lines (id, parent, role, message, time, optional meta)',
  },
  R204: { text: 'Branching repoints the leaf' },
  R205: {
    text: 'Custom entries (like external-runtime-link) live on the branch and are not sent to a model',
  },
  R206: { text: 'List: shallow from file metadata, newest first' },
  R207: {
    text: 'Budget gate: fires when the estimate is strictly above (window - reserve) * ratio (0.75, reserve 2048), limit never negative',
  },
  R208: { text: 'The kept tail never begins with a tool result' },
  R209: {
    text: 'Summary headings are fixed (objective, constraints, status, rationale, plan, carry-over)',
  },
  R210: {
    text: "Compaction of an external session is the child's business where it has one (/compact), and is shown as a notice",
  },
  R211: {
    text: 'Two windows on one session: the second opens read-only or forks',
  },
  R212: { text: 'submit while busy queues (never drops, never fails)' },
  R213: {
    text: "Signals to the UI are a stable union of our own, not the loop's events: prompt, text, thinking, tool_start, tool_end, turn_end(usage), persisted, …",
  },
  R214: {
    text: 'State is an immutable snapshot: phase idle|streaming|tooling|condensing|faulted, head, usage (cumulative), context tokens (of the latest turn only), …',
  },
  R215: {
    text: 'Faults are typed values: model, tool, persistence, aborted, overflow',
  },
  R216: {
    text: 'Transient network faults (429, overloaded, timeout, 5xx) are retried, default 2 attempts, 250 ms doubling, honouring retry-after',
  },
  R217: { text: 'abort ends the turn as aborted, keeps partial text, leaves the session usable' },
  R218: {
    text: 'A shell line of the user (!cmd) goes into the context, !!cmd does not',
  },
  R219: {
    text: 'The first text delta is not lost (a known defect of the origin: the first chunk vanished from headless output)',
  },
  R220: {
    text: 'The webview can be closed, reloaded or moved at any time: state is rebuilt from the host with no lost or doubled delta',
  },
  R221: {
    text: 'For any base, proposal and subset of hunks, the result is the base with exactly that subset applied, byte for byte',
  },
  R222: {
    text: 'Hunks are the ones VS Code draws (its own algorithm, the vscode-diff package, or one that is tested against it), behind a trim and a cost limit that …',
  },
  R223: { text: 'The hunk review is the permission prompt for an edit: one question, never two' },
  R224: {
    text: 'Before the decision the file on disk and the open document are untouched: hash, mtime, BOM, EOL, dirty state, undo stack (fuzzed over deny, cancel, …',
  },
  R225: {
    text: 'Writes of ours go through one WorkspaceEdit per approval (one undo step), then save only if the document was clean before',
  },
  R226: {
    text: 'Where a child writes itself (Claude with updatedInput, Codex), the approved bytes are what it is given',
  },
  R227: {
    text: "An agent is told which hunks were approved, which denied, with the user's words, and how the user changed the proposal",
  },
  R228: { text: 'A proposal whose base changed is re-diffed and asked again' },
  R229: {
    text: 'Pending edits are persisted with base digest and survive webview, session switch and reload',
  },
  R230: {
    text: 'Non-blocking review (a setting) exists for edits that we write (our tools, delegated calls, ACP fs/*)',
  },
  R231: { text: 'Create, delete and rename are reviewed like edits' },
  R232: {
    text: 'Every hunk can be reached, read and decided by keyboard and by screen reader, and by palette command',
  },
  R233: {
    text: "Origins: ours (an approved edit), during call X (a command or a child ran), on save (format and code actions on save), elsewhere (the user's typing, …",
  },
  R234: {
    text: 'A change that no approved edit explains shows up as unreviewed hunks with its origin',
  },
  R235: {
    text: 'Checkpoints: per turn the pre-images of touched files, content-addressed, bounded in bytes and shown',
  },
  R236: {
    text: 'After an approved edit, diagnostics that are new since the proposal go back to the model',
  },
};
