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
  R1: { text: 'A model is annotated, not re-catalogued', open: 'agents' },
  R2: { text: 'Spec fields', open: 'agents' },
  R3: {
    text: 'runtimeEndpoint(adapter) returns bridge:<adapter> and is the only place that builds it (a lint rule or a grep test finds no other literal)',
    open: 'agents',
  },
  R4: { text: 'A model with no spec routes to framework', open: 'agents' },
  R5: {
    text: 'A model with a spec whose adapter has a registered bridge routes to external with exactly that bridge and spec',
    open: 'agents',
  },
  R6: {
    text: 'A model with a spec whose adapter is not registered routes to framework in route()',
    open: 'agents',
  },
  R7: { text: 'but exchange() never sends a bridge', open: 'agents' },
  R8: { text: 'register is keyed by bridge.adapter', open: 'agents' },
  R9: { text: 'The adapter id is an open string', open: 'agents' },
  R10: { text: 'Spec lookup order', open: 'agents' },
  R11: {
    text: 'route() accepts context and options, but the base decision depends on the model alone',
    open: 'agents',
  },
  R12: { text: 'route() and resolveSpec() have no side effect', open: 'agents' },
  R13: { text: 'The broker is asked every turn', open: 'agents' },
  R14: {
    text: 'exchange(model, context, opts) is the only entry the product uses',
    open: 'agents',
  },
  R15: {
    text: 'The transport factory is called lazily, on an external route only, exactly once per exchange attempt, with {spec, model, opts, resume}',
    open: 'agents',
  },
  R16: { text: 'Nothing throws out of exchange()', open: 'agents' },
  R17: { text: 'Catalog of runtimes is data', open: 'agents' },
  R18: { text: 'binaryPath, args, env are machine-scoped settings', open: 'agents' },
  R19: {
    text: "args go in front of the bridge's protocol flags, but after a subcommand the bridge needs (codex exec <args> --json ...)",
    open: 'agents',
  },
  R20: {
    text: "env is merged over the allow-listed part of the inherited environment (R72; the agent's own key variables that the user's environment holds pass, …",
    open: 'agents',
  },
  R21: { text: 'delegate reaches only bridges that front another source', open: 'agents' },
  R22: {
    text: 'The union has exactly text, thinking, tool_call, resume, finish, failed',
    open: 'agents',
  },
  R23: { text: 'Events are immutable values', open: 'agents' },
  R24: { text: 'start() is idempotent and lazy', open: 'agents' },
  R25: {
    text: 'text(delta) opens a text block on its first call (text_start), then text_delta',
    open: 'agents',
  },
  R26: { text: 'thinking(delta) the same with thinking blocks', open: 'agents' },
  R27: { text: 'An empty delta neither opens a block nor emits an event', open: 'agents' },
  R28: {
    text: 'toolCall(call) closes an open block and emits one self-contained block',
    open: 'agents',
  },
  R29: { text: "contentIndex is the block's position in message.content", open: 'agents' },
  R30: {
    text: '(should) Every event carries a snapshot that later events do not change (partial of event 3 is unaltered after event 9)',
    open: 'agents',
  },
  R31: { text: 'emit(event) maps each kind onto its method', open: 'agents' },
  R32: {
    text: 'finishSuccess(reason = "stop") closes the open block, then exactly one done with reason stop, length or toolUse and the final message',
    open: 'agents',
  },
  R33: { text: 'finishError(failure) emits exactly one error', open: 'agents' },
  R34: {
    text: 'On error the open block is closed first and the text so far is kept in the message',
    open: 'agents',
  },
  R35: { text: 'Terminal is final', open: 'agents' },
  R36: {
    text: 'finishSuccess with no earlier emission still yields start then done with empty content',
    open: 'agents',
  },
  R37: {
    text: 'The message is stamped with api, provider, model of the bound model, so an external turn looks like a network turn',
    open: 'agents',
  },
  R38: { text: 'Usage is zero unless the bridge reports some', open: 'agents' },
  R39: { text: 'failure.message is one line', open: 'agents' },
  R40: { text: 'A tool call that a child *reports* carries executedBy', open: 'agents' },
  R41: { text: 'Side channel beside the sink, for what the union leaves out', open: 'agents' },
  R42: { text: 'No bridge touches the event stream directly (import rule', open: 'agents' },
  R43: { text: 'Event types', open: 'agents' },
  R44: { text: 'Async-iterable', open: 'agents' },
  R45: {
    text: 'result() resolves with the final message on done and on error (it does not reject)',
    open: 'agents',
  },
  R46: {
    text: '(should) resultWithTimeout(ms), filter, map, bounded getHistory(historyLimit) should exist',
    open: 'agents',
  },
  R47: { text: 'The queue is bounded', open: 'agents' },
  R48: {
    text: 'More than one consumer is possible (webview, transcript, audit) by an explicit fan-out',
    open: 'agents',
  },
  R49: { text: 'Options pass through both arms unchanged', open: 'agents' },
  R50: {
    text: 'A network stream started with an aborted signal ends as error/aborted without a request',
    open: 'agents',
  },
  R51: { text: 'Cross-model hand-over', open: 'agents' },
  R52: { text: "max_tokens is bounded by the model's own maximum", open: 'agents' },
  R53: {
    text: 'A bridge depends only on ChildTransport {send, onMessage, close}; no bridge or broker file imports child_process (import rule)',
    open: 'agents',
  },
  R54: { text: 'Payload and body are opaque to the transport', open: 'agents' },
  R55: { text: 'send resolves when the request is handed over', open: 'agents' },
  R56: { text: 'onMessage returns a disposer', open: 'agents' },
  R57: { text: 'close is idempotent and safe on a closed transport', open: 'agents' },
  R58: { text: 'The transport reports its end', open: 'agents' },
  R59: {
    text: 'Messages that arrive before the first listener are kept and delivered to it in order',
    open: 'agents',
  },
  R60: { text: 'Driver', open: 'agents' },
  R61: {
    text: '(should, the form is free) A parser yields events and observations for one message and says when the exchange is over',
    open: 'agents',
  },
  R62: {
    text: 'A failing send of the opening request ends the exchange as failed',
    open: 'agents',
  },
  R63: {
    text: "A parser that throws ends the exchange as failed with the parser's message",
    open: 'agents',
  },
  R64: {
    text: 'Abort before start settles as aborted asynchronously (never inside the call that returned the stream), and the transport is closed',
    open: 'agents',
  },
  R65: {
    text: "Abort is graceful first (the dialect's interrupt), then terminate, then kill of the whole process tree, each with its own deadline (default",
    open: 'agents',
  },
  R66: {
    text: 'A child that exits without a terminal message ends as failed with exit code and the last lines of stderr (redacted), unless the exit follows our abort',
    open: 'agents',
  },
  R67: { text: 'Exit 0 with text but without terminal message', open: 'agents' },
  R68: { text: 'The exchange stream is populated asynchronously', open: 'agents' },
  R69: { text: 'Line framing', open: 'agents' },
  R70: { text: 'A line that is not JSON is reported as a notice and skipped', open: 'agents' },
  R71: {
    text: 'One child may serve many exchanges where the dialect allows it (stream-json input, app-server, link)',
    open: 'agents',
  },
  R72: { text: 'The environment given to a child is an allow-list plus spec.env', open: 'agents' },
  R73: { text: 'Windows', open: 'agents' },
  R74: { text: 'The prompt goes through stdin, never argv', open: 'agents' },
  R75: { text: 'cwd is the chosen workspace folder', open: 'agents' },
  R76: { text: 'A bridge holds no per-session state on its surface', open: 'agents' },
  R77: {
    text: 'Unknown message types are ignored and counted, not fatal (forward compatibility)',
    open: 'agents',
  },
  R78: { text: 'claude', open: 'agents' },
  R79: { text: 'claude', open: 'agents' },
  R80: { text: 'claude', open: 'agents' },
  R81: { text: 'claude', open: 'agents' },
  R82: { text: 'claude', open: 'agents' },
  R83: { text: 'codex', open: 'agents' },
  R84: { text: 'codex', open: 'agents' },
  R85: { text: 'codex', open: 'agents' },
  R86: { text: 'codex', open: 'agents' },
  R87: { text: 'codex', open: 'agents' },
  R88: { text: 'peer', open: 'agents' },
  R89: { text: 'peer', open: 'agents' },
  R90: { text: 'peer', open: 'agents' },
  R91: { text: 'peer link', open: 'agents' },
  R92: { text: 'peer', open: 'agents' },
  R93: {
    text: 'ACP is one more adapter (acp:<agent>), registered by the same open registry',
    open: 'agents',
  },
  R94: {
    text: "Model choice, effort, allowed tools, permission mode and extra folders of the panel are translated into each dialect's flags or control messages",
    open: 'agents',
  },
  R95: {
    text: 'Each bridge has a recorded corpus of real child output (by CLI version) and a replay test',
    open: 'agents',
  },
  R96: {
    text: 'The record is {source, bridge, resumeToken, at}, at ISO-8601, stored under the tag external-runtime-link as a custom transcript entry on the active …',
    open: 'agents',
  },
  R97: {
    text: 'The record also stores model, cwd, entryId and CLI version (additive',
    open: 'agents',
  },
  R98: { text: 'Reuse key = source|model|bridge', open: 'agents' },
  R99: { text: 'A token from an abandoned branch is never reused', open: 'agents' },
  R100: { text: 'save and find may be sync or async', open: 'agents' },
  R101: { text: 'A slow or failing store never breaks a turn', open: 'agents' },
  R102: { text: 'save is called for each new token', open: 'agents' },
  R103: {
    text: '(should) The tap reads the messages independently of the parser and knows session_id (init), thread_id (thread.started), resumeToken (session/resume)',
    open: 'agents',
  },
  R104: { text: 'An explicit opts.resume beats a stored token', open: 'agents' },
  R105: { text: 'With a live token only the new user turn is sent', open: 'agents' },
  R106: {
    text: 'Turns made elsewhere since the token was taken (another bridge, the network) are summarised into the next external prompt',
    open: 'agents',
  },
  R107: {
    text: "A fork of the transcript before the token's entry starts a new child session (or the dialect's fork flag), so that the child does not remember turns …",
    open: 'agents',
  },
  R108: {
    text: 'A stale token (child says it does not know the session) leads to exactly one retry without token, with preamble, and a notice',
    open: 'agents',
  },
  R109: { text: "Another cwd than the record's means no reuse", open: 'agents' },
  R110: {
    text: 'Tokens are not secrets of the first order but are not shown in the webview and are redacted in exported transcripts',
    open: 'agents',
  },
  R111: { text: 'requiresCredential(spec)', open: 'agents' },
  R112: {
    text: 'A model whose runtime needs no credential is offered with an empty vault',
    open: 'agents',
  },
  R113: { text: 'The predicate answers the runtime question only', open: 'agents' },
  R114: {
    text: 'Keys live in SecretStorage, several named accounts per provider, first stored is the default, removal of the default promotes another',
    open: 'agents',
  },
  R115: { text: 'Key lookup order', open: 'agents' },
  R116: { text: 'Validation on entry', open: 'agents' },
  R117: {
    text: "For external-cli no key of ours is put into the child's environment (it would change who is billed)",
    open: 'agents',
  },
  R118: {
    text: 'Whether a CLI is installed and logged in is probed on demand with a deadline and shown in the model picker (installed / logged in / version)',
    open: 'agents',
  },
  R119: {
    text: "Every tool call of the host's agent loop goes through execute(name, args, {modelId})",
    open: 'gate',
  },
  R120: { text: 'Fixed order', open: 'gate' },
  R121: { text: 'execute never rejects', open: 'gate' },
  R122: { text: "A denial gives error text Tool '<name>' denied", open: 'gate' },
  R123: { text: 'The gate runs before the cache', open: 'gate' },
  R124: { text: 'Denials and errors are never cached', open: 'gate' },
  R125: { text: 'modelId defaults to unknown and is on every audit entry', open: 'gate' },
  R126: { text: 'Unknown tool name gives an error result, audited', open: 'gate' },
  R127: { text: 'Timeout', open: 'gate' },
  R128: { text: 'A timeout really stops the tool', open: 'gate' },
  R129: {
    text: "Time spent waiting for the user's decision does not count against the timeout",
    open: 'gate',
  },
  R130: { text: 'Waiting for a free slot does not count against it either', open: 'gate' },
  R131: { text: 'Shell tools', open: 'gate' },
  R132: {
    text: 'A tool that throws a timeout error of its own is reported as an error, not as our timeout',
    open: 'gate',
  },
  R133: { text: 'A hung tool does not freeze the agent loop or the window', open: 'gate' },
  R134: {
    text: 'Independent read-only calls of one assistant message run in parallel (limit 4)',
    open: 'gate',
  },
  R135: { text: 'Shutdown', open: 'gate' },
  R136: { text: 'Tools register themselves before the first execute', open: 'gate' },
  R137: { text: 'Results have output, error, ok', open: 'gate' },
  R138: { text: 'getPermittedSpecs() leaves out the always-denied tools only', open: 'gate' },
  R139: {
    text: 'It includes the registered plugin tools and gives both the OpenAI and the Anthropic form',
    open: 'gate',
  },
  R140: { text: 'Permission modes', open: 'gate' },
  R141: {
    text: 'The same gate answers the permission requests of the children (claude can_use_tool, codex approvals, ACP session/request_permission, peer ask)',
    open: 'gate',
  },
  R142: {
    text: 'A pending prompt is settled as denied when its turn, its session or the host ends (a window reload ends the host',
    open: 'gate',
  },
  R143: {
    text: 'Paths in arguments are resolved against the workspace folder once, before the gate, and the gate, the cache, the tool and the hooks all see the same …',
    open: 'gate',
  },
  R144: { text: "Arguments are validated against the tool's schema before the gate", open: 'gate' },
  R145: { text: 'Only tools on an explicit list are cached (read_file)', open: 'gate' },
  R146: {
    text: 'Key = tool, absolute path, modification time, sorted other arguments',
    open: 'gate',
  },
  R147: {
    text: 'The key holds the path as a URI (so that : in C:\\... and remote schemes do no harm), mtime in full resolution, and size',
    open: 'gate',
  },
  R148: { text: 'The stat is taken before the read and again after it', open: 'gate' },
  R149: { text: 'A missing path argument or a failing stat means no caching', open: 'gate' },
  R150: { text: 'Deep copy on put and on get', open: 'gate' },
  R151: { text: 'LRU with at most 100 entries', open: 'gate' },
  R152: {
    text: 'Writing by any write tool removes all entries of that path, whether the write succeeded or not',
    open: 'gate',
  },
  R153: { text: 'A FileSystemWatcher, a document change and a save invalidate too', open: 'gate' },
  R154: { text: 'A hit is audited as cache_hit', open: 'gate' },
  R155: {
    text: 'One cache per process is shared by all sessions (keys are absolute)',
    open: 'gate',
  },
  R156: { text: 'Hooks run only after a successful write tool', open: 'gate' },
  R157: { text: 'Hooks are a list that can be extended', open: 'gate' },
  R158: {
    text: 'Hooks run also without a project id and use the workspace folder of the path, not the process cwd',
    open: 'gate',
  },
  R159: { text: 'Further hooks', open: 'review' },
  R160: { text: 'Diff', open: 'review' },
  R161: {
    text: 'The semantic diff compares the before-image with the new file (two paths)',
    open: 'review',
  },
  R162: { text: 'Without difft', open: 'review' },
  R163: { text: 'Two forms', open: 'review' },
  R164: { text: 'The diff does not delay the result', open: 'review' },
  R165: { text: 'File tools accept both path and file_path, as the origin does', open: 'review' },
  R166: {
    text: 'Writes go through workspace.applyEdit/workspace.fs, keep encoding, end-of-line and final newline, are checked against the version last read (no …',
    open: 'review',
  },
  R167: { text: 'Name is plugin.<plugin>.<tool> inside Patchbay', open: 'gate' },
  R168: { text: 'Calls go through IPC, never in-process', open: 'gate' },
  R169: { text: 'They pass execute()', open: 'gate' },
  R170: { text: 'An error in the reply becomes an error result', open: 'gate' },
  R171: { text: 'A server that fails to start or answer is skipped with a notice', open: 'gate' },
  R172: {
    text: 'Tool list changes announced by the server take effect at the next turn',
    open: 'gate',
  },
  R173: { text: 'Server config', open: 'gate' },
  R174: {
    text: 'One decision record per call with tool, arguments, model, decision (denied',
    open: 'gate',
  },
  R175: { text: 'Two fields instead of one', open: 'gate' },
  R176: { text: 'Tool calls executed by a child are logged too, executedBy', open: 'gate' },
  R177: { text: '"Immutable" is made true', open: 'gate' },
  R178: {
    text: 'Secrets are redacted before writing (keys, tokens, .env values, bearer headers)',
    open: 'gate',
  },
  R179: {
    text: 'A failing audit write does not fail the call but shows once and is counted',
    open: 'gate',
  },
  R180: { text: 'Pure data structure', open: 'transcript' },
  R181: { text: 'Turn', open: 'transcript' },
  R182: { text: 'toMessage() has no internal field', open: 'transcript' },
  R183: {
    text: 'toCompressDict() = message plus nonDroppable and reason when set',
    open: 'transcript',
  },
  R184: {
    text: 'fromMessage turns missing or null content into the empty string and keeps call ids',
    open: 'transcript',
  },
  R185: { text: 'assistantWithToolCalls has empty content', open: 'transcript' },
  R186: { text: 'append does not evict', open: 'transcript' },
  R187: {
    text: 'tokenCount is kept incrementally and always equals the sum over the turns (property test over random operations)',
    open: 'transcript',
  },
  R188: {
    text: 'prependSystem inserts at 0, or replaces the system turn at 0 and corrects the count',
    open: 'transcript',
  },
  R189: {
    text: 'maybeEvict(budget?) drops the oldest evictable things until within budget, returns how many',
    open: 'transcript',
  },
  R190: { text: 'System turns are kept', open: 'transcript' },
  R191: {
    text: 'An assistant turn with tool calls goes together with all its results',
    open: 'transcript',
  },
  R192: {
    text: 'The unit of eviction is the exchange (user turn up to the next user turn)',
    open: 'transcript',
  },
  R193: {
    text: 'If the budget cannot be met, the store says so (overflow) instead of looping or cutting the question',
    open: 'transcript',
  },
  R194: { text: 'Eviction of n turns is O(n) in total', open: 'transcript' },
  R195: { text: 'First compress, then drop', open: 'transcript' },
  R196: {
    text: 'It does nothing when already within budget, never replaces by something larger, skips nonDroppable, keeps flags, writes a summary per result (tool, …',
    open: 'transcript',
  },
  R197: {
    text: 'nonDroppable means verbatim through compression (example in the origin',
    open: 'transcript',
  },
  R198: {
    text: 'budgetRatio = tokens / max, may exceed 1, is 0 when max is 0; it feeds the context gauge',
    open: 'transcript',
  },
  R199: { text: 'toTurns() is a snapshot', open: 'transcript' },
  R200: { text: 'Default limit 120 000 tokens', open: 'transcript' },
  R201: { text: 'Token numbers', open: 'transcript' },
  R202: { text: 'Two layers', open: 'transcript' },
  R203: { text: 'One append-only NDJSON per session', open: 'transcript' },
  R204: { text: 'Branching repoints the leaf', open: 'transcript' },
  R205: {
    text: 'Custom entries (like external-runtime-link) live on the branch and are not sent to a model',
    open: 'transcript',
  },
  R206: { text: 'List', open: 'transcript' },
  R207: { text: 'Budget gate', open: 'transcript' },
  R208: { text: 'The kept tail never begins with a tool result', open: 'transcript' },
  R209: {
    text: 'Summary headings are fixed (objective, constraints, status, rationale, plan, carry-over)',
    open: 'transcript',
  },
  R210: {
    text: "Compaction of an external session is the child's business where it has one (/compact), and is shown as a notice",
    open: 'transcript',
  },
  R211: { text: 'Two windows on one session', open: 'transcript' },
  R212: { text: 'submit while busy queues (never drops, never fails)', open: 'transcript' },
  R213: {
    text: "Signals to the UI are a stable union of our own, not the loop's events",
    open: 'transcript',
  },
  R214: { text: 'State is an immutable snapshot', open: 'transcript' },
  R215: { text: 'Faults are typed values', open: 'transcript' },
  R216: {
    text: 'Transient network faults (429, overloaded, timeout, 5xx) are retried, default 2 attempts, 250 ms doubling, honouring retry-after',
    open: 'transcript',
  },
  R217: {
    text: 'abort ends the turn as aborted, keeps partial text, leaves the session usable',
    open: 'transcript',
  },
  R218: {
    text: 'A shell line of the user (!cmd) goes into the context, !!cmd does not',
    open: 'transcript',
  },
  R219: {
    text: 'The first text delta is not lost (a known defect of the origin',
    open: 'transcript',
  },
  R220: { text: 'The webview can be closed, reloaded or moved at any time', open: 'transcript' },
  R221: {
    text: 'For any base, proposal and subset of hunks, the result is the base with exactly that subset applied, byte for byte',
    open: 'review',
  },
  R222: {
    text: 'Hunks are the ones VS Code draws (its own algorithm, the vscode-diff package, or one that is tested against it), behind a trim and a cost limit that …',
    open: 'review',
  },
  R223: { text: 'The hunk review is the permission prompt for an edit', open: 'review' },
  R224: {
    text: 'Before the decision the file on disk and the open document are untouched',
    open: 'review',
  },
  R225: {
    text: 'Writes of ours go through one WorkspaceEdit per approval (one undo step), then save only if the document was clean before',
    open: 'review',
  },
  R226: {
    text: 'Where a child writes itself (Claude with updatedInput, Codex), the approved bytes are what it is given',
    open: 'review',
  },
  R227: {
    text: "An agent is told which hunks were approved, which denied, with the user's words, and how the user changed the proposal",
    open: 'review',
  },
  R228: { text: 'A proposal whose base changed is re-diffed and asked again', open: 'review' },
  R229: {
    text: 'Pending edits are persisted with base digest and survive webview, session switch and reload',
    open: 'review',
  },
  R230: {
    text: 'Non-blocking review (a setting) exists for edits that we write (our tools, delegated calls, ACP fs/*)',
    open: 'review',
  },
  R231: { text: 'Create, delete and rename are reviewed like edits', open: 'review' },
  R232: {
    text: 'Every hunk can be reached, read and decided by keyboard and by screen reader, and by palette command',
    open: 'review',
  },
  R233: { text: 'Origins', open: 'review' },
  R234: {
    text: 'A change that no approved edit explains shows up as unreviewed hunks with its origin',
    open: 'review',
  },
  R235: { text: 'Checkpoints', open: 'review' },
  R236: {
    text: 'After an approved edit, diagnostics that are new since the proposal go back to the model',
    open: 'review',
  },
};
