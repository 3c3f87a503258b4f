import { existsSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { systemClock } from './base/clock';
import { createId } from './base/ids';
import { silentLogger } from './base/logger';
import { errorMessage } from './base/patchbayError';
import { createRedactor } from './base/redact';
import type { AssistantMessage, Message } from './events/message';
import { parseHeadlessArgs, type ExchangeCommand, type TurnCommand } from './headless/args';
import { verifyAudit } from './headless/auditVerify';
import { examineAgents } from './headless/doctor';
import { answerHunks, answerMatch } from './headless/editsCommand';
import { runJsonLines } from './headless/jsonLineCommand';
import { classifyPath } from './headless/pathsCommand';
import { runPolicy } from './headless/policy';
import { redactLine } from './headless/redactCommand';
import { runReplay } from './headless/replayCommand';
import { runSession } from './headless/sessionCommand';
import { playTranscript } from './headless/transcriptCommand';
import { runWebview } from './headless/webviewCommand';
import { exitCodeOf, TurnReport, type HeadlessLine } from './headless/turnReport';
import { createHeadlessWorld, type HeadlessWorld } from './headless/world';
import { createChildProcessTransport } from './node/childProcessTransport';
import { diskPathProbe } from './node/pathProbe';
import { agentEntry } from './runtime/agentCatalog';
import { RuntimeBroker } from './runtime/broker';
import type { ModelRef } from './runtime/contract';
import { shippedKeyProviders } from './runtime/credentials';
import { createNetworkLoaders } from './runtime/network/networkLoaders';
import { createNetworkStream } from './runtime/network/networkStream';
import { defaultRetryPolicy } from './runtime/retry';
import { runtimeEndpoint } from './runtime/contract';
import { createShippedBridges } from './runtime/shippedBridges';
import { createRuntimeSpec } from './runtime/specs';
import { runTurn } from './session/turnLoop';
import { buildSystemPrompt, formatInstructions, readInstructions } from './tools/systemPrompt';

/** The second composition root: the same core under plain Node, JSON lines out, nothing else on stdout. */
const bridges = createShippedBridges({ piGatePath: join(__dirname, '../media/pi-gate.mjs') });
const wrongUsage = 64;

async function main(argv: readonly string[]): Promise<number> {
  const command = parseHeadlessArgs(
    argv,
    bridges.map((bridge) => bridge.adapter),
  );
  if (command.kind === 'usage') {
    process.stderr.write(`${command.message}\n`);
    return wrongUsage;
  }
  if (command.kind === 'replay') {
    return runReplay(command);
  }
  if (command.kind === 'auditVerify') {
    const { exitCode, line } = await verifyAudit(command);
    process.stdout.write(`${JSON.stringify(line)}\n`);
    return exitCode;
  }
  if (command.kind === 'paths') {
    return runJsonLines((input) => classifyPath(input, diskPathProbe));
  }
  if (command.kind === 'redact') {
    return runJsonLines(redactLine);
  }
  if (command.kind === 'session') {
    return runSession(command);
  }
  if (command.kind === 'transcript') {
    return runJsonLines(playTranscript);
  }
  if (command.kind === 'hunks') {
    return runJsonLines(answerHunks);
  }
  if (command.kind === 'match') {
    return runJsonLines(answerMatch);
  }
  if (command.kind === 'webview') {
    return runWebview(command, __dirname);
  }
  const [flag, cwd] =
    command.kind === 'policy'
      ? (['--root', command.root] as const)
      : (['--cwd', command.cwd ?? process.cwd()] as const);
  if (!existsSync(cwd) || !statSync(cwd).isDirectory()) {
    process.stderr.write(`${flag}: there is no folder ${cwd}\n`);
    return wrongUsage;
  }
  if (command.kind === 'policy') {
    return runPolicy(realpathSync(cwd), __dirname);
  }
  return command.kind === 'doctor'
    ? runDoctor(realpathSync(cwd))
    : runCommand(command, realpathSync(cwd));
}

/** One JSON object per agent. */
async function runDoctor(cwd: string): Promise<number> {
  const world = createHeadlessWorld({
    cwd,
    decide: 'deny',
    bundleFolder: __dirname,
    knownSecrets: [],
    onAudit: () => undefined,
  });
  for (const runtime of await examineAgents(world, bridges)) {
    process.stdout.write(`${JSON.stringify(runtime)}\n`);
  }
  await world.dispose();
  return 0;
}

async function runCommand(command: TurnCommand | ExchangeCommand, cwd: string): Promise<number> {
  const report = new TurnReport();
  const key = command.kind === 'turn' ? keyOf(command) : undefined;
  const world = createHeadlessWorld({
    cwd,
    decide: command.decide,
    bundleFolder: __dirname,
    knownSecrets: key === undefined ? [] : [key],
    onAudit: (audit) => {
      if (audit.kind === 'decision') {
        emit({
          permission: { effects: audit.effects, decision: audit.decision, reason: audit.reason },
        });
      }
      emit({ audit });
    },
  });
  const broker = createBroker(world);
  const cancel = new AbortController();
  const timer =
    command.cancelAfterMs === undefined
      ? undefined
      : systemClock.schedule(command.cancelAfterMs, () => cancel.abort());
  const onSignal = (): void => cancel.abort();
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  let terminal;
  try {
    const message = await produce(command, {
      world,
      broker,
      report,
      cwd,
      key,
      signal: cancel.signal,
    });
    terminal = report.terminal(message);
  } catch (error) {
    terminal = report.failed(`The turn failed: ${errorMessage(error)}`);
  }
  timer?.dispose();
  await broker.closeAll();
  await world.dispose();
  emit({ terminal });
  return exitCodeOf(terminal);
}

interface Run {
  readonly world: HeadlessWorld;
  readonly broker: RuntimeBroker;
  readonly report: TurnReport;
  readonly cwd: string;
  readonly key: string | undefined;
  readonly signal: AbortSignal;
}

async function produce(
  command: TurnCommand | ExchangeCommand,
  run: Run,
): Promise<AssistantMessage> {
  const messages: Message[] = [
    { role: 'user', text: command.prompt, createdAtMs: systemClock.nowMs() },
  ];
  const model = command.kind === 'turn' ? networkModel(command) : externalModel(command);
  const { files, orchestrator } = run.world;
  const instructions = await readInstructions(files, diskPathProbe);
  const systemPrompt =
    command.kind === 'turn'
      ? buildSystemPrompt({
          roots: files.roots(),
          cwd: run.cwd,
          mode: 'ask',
          tools: orchestrator.permittedTools('ask'),
          nowMs: systemClock.nowMs(),
          instructions,
        })
      : formatInstructions(instructions);
  return runTurn(
    {
      exchange: (...args) => run.broker.exchange(...args),
      orchestrator,
      messages: () => messages,
      nowMs: () => systemClock.nowMs(),
    },
    {
      turnId: createId('turn'),
      sessionId: createId('session'),
      model,
      asker: model.name,
      mode: () => 'ask',
      systemPrompt,
      cwd: run.cwd,
      signal: run.signal,
      apiKey: run.key,
      options: {
        ...(command.startTimeoutMs === undefined ? {} : { startTimeoutMs: command.startTimeoutMs }),
        ...(command.idleTimeoutMs === undefined ? {} : { idleTimeoutMs: command.idleTimeoutMs }),
        ...(command.closeTimeoutMs === undefined ? {} : { closeTimeoutMs: command.closeTimeoutMs }),
        ...(command.kind === 'turn' || command.resume === undefined
          ? {}
          : { resume: command.resume }),
      },
    },
    {
      onEvent: (event) => {
        report(run, { event });
      },
      onObservation: (observation) => {
        report(run, { observation });
      },
      onProgress: () => undefined,
      onToolResult: (call, result) => {
        report(run, { observation: { kind: 'tool_result', callId: call.id, result } });
      },
      onMessage: (message) => messages.push(message),
    },
  );
}

function report(
  run: Run,
  line: Extract<HeadlessLine, { event: unknown } | { observation: unknown }>,
): void {
  if ('event' in line) {
    run.report.event(line.event);
  } else {
    run.report.observation(line.observation);
  }
  emit(line);
}

function createBroker(world: HeadlessWorld): RuntimeBroker {
  const broker = new RuntimeBroker({
    framework: createNetworkStream({
      load: createNetworkLoaders((input, init) => fetch(input, init)),
      retry: defaultRetryPolicy,
      clock: systemClock,
    }),
    transport: createChildProcessTransport({
      supervisorPath: world.supervisorPath,
      lookup: world.lookup,
      isTrusted: () => true,
      redact: createRedactor(),
      inheritedEnv: process.env,
      toolServerPath: join(__dirname, 'toolServer.js'),
      passVariables: (adapter) => agentEntry(adapter)?.passVariables ?? [],
      installHint: (adapter) => agentEntry(adapter)?.installHint,
    }),
    clock: systemClock,
    logger: silentLogger,
  });
  bridges.forEach((bridge) => broker.register(bridge));
  return broker;
}

const apiOf = {
  anthropic: 'anthropic-messages',
  'openai-responses': 'openai-responses',
  'openai-chat': 'openai-chat',
} as const;

function networkModel(command: TurnCommand): ModelRef {
  return {
    id: `${command.provider}/${command.model}`,
    api: apiOf[command.provider],
    provider: command.provider,
    model: command.model,
    name: command.model,
    address: command.baseUrl,
  };
}

function keyOf(command: TurnCommand): string | undefined {
  const provider = shippedKeyProviders.find(({ id }) => command.provider.startsWith(id));
  return (
    command.key ??
    (provider?.envVariable === undefined ? undefined : process.env[provider.envVariable])
  );
}

function externalModel(command: ExchangeCommand): ModelRef {
  const { toolSource } = command;
  return {
    id: `${command.adapter}/default${toolSource === undefined ? '' : '+patchbay-tools'}`,
    api: 'external',
    provider: command.adapter,
    model: 'default',
    name:
      bridges.find((bridge) => bridge.adapter === command.adapter)?.displayName ?? command.adapter,
    address: runtimeEndpoint(command.adapter),
    ...(toolSource === undefined ? {} : { toolSource }),
    runtime: createRuntimeSpec({
      adapter: command.adapter,
      authMode: 'external-cli',
      args: command.args,
      env: command.env,
      ...(command.binary === undefined ? {} : { binaryPath: command.binary }),
    }),
  };
}

function emit(line: HeadlessLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

// Otherwise the process cannot end before the optimizing compiler is done with the grammars, which takes seconds.
setFlagsFromString('--liftoff-only');
process.stdout.on('error', () => process.exit(1));
void main(process.argv.slice(2)).then(
  // Written lines leave the pipe before the process does.
  (code) => process.stdout.write('', () => process.exit(code)),
  (error: unknown) => {
    process.stderr.write(`${errorMessage(error)}\n`);
    process.exit(1);
  },
);
