import { assertNever } from '../base/assertNever';
import { errorMessage } from '../base/patchbayError';
import { silentLogger } from '../base/logger';
import { createId } from '../base/ids';
import type { Message } from '../events/message';
import { createAcpBridge } from '../runtime/bridges/acp';
import { acpProfiles, type AcpAgentProfile } from '../runtime/bridges/acpProfiles';
import { claudeCliBridge } from '../runtime/bridges/claudeCli';
import { codexAppServerBridge } from '../runtime/bridges/codexAppServer';
import { codexExecBridge } from '../runtime/bridges/codexExec';
import { createPeerBridge, type PeerBridgeOptions } from '../runtime/bridges/indusagiCli';
import { RuntimeBroker } from '../runtime/broker';
import { runtimeEndpoint, type Bridge, type ModelRef } from '../runtime/contract';
import { createRuntimeSpec } from '../runtime/specs';
import { runTurn } from '../session/turnLoop';
import { claudeReplay } from './replayClaude';
import { ReplayClock } from './replayClock';
import type { ReplayDialect, ReplayDialectName } from './replayDialect';
import { codexExecReplay, piReplay } from './replayPi';
import { ReplayPlayer, type PlayedTurn } from './replayPlayer';
import { readRecording, type BadLine } from './replayRecording';
import { acpReplay, codexReplay } from './replayRpc';
import { scriptOf, type ScriptedPrompt } from './replayScript';
import { createReplayWorld, type ReplayWorld } from './replayWorld';
import { exitCodeOf, TurnReport, type HeadlessLine, type Terminal } from './turnReport';

/** What a dialect is played through. */
export function replayParts(name: ReplayDialectName): {
  readonly bridge: Bridge;
  readonly dialect: ReplayDialect;
} {
  switch (name) {
    case 'claude-cli':
      return { bridge: claudeCliBridge, dialect: claudeReplay };
    case 'codex-app-server':
      return { bridge: codexAppServerBridge, dialect: codexReplay };
    case 'codex-exec':
      return { bridge: codexExecBridge, dialect: codexExecReplay };
    case 'acp':
      return { bridge: createAcpBridge(anyAcpAgent()), dialect: acpReplay };
    case 'pi-rpc':
      return { bridge: createPeerBridge(piPeer), dialect: piReplay };
    default:
      return assertNever(name);
  }
}

/** Which agent it is shows in its answer to `initialize`. */
function anyAcpAgent(): AcpAgentProfile {
  const generic = acpProfiles.find(({ adapter }) => adapter === 'acp');
  if (generic === undefined) {
    throw new Error('there is no generic ACP profile');
  }
  return generic;
}

/** The one form that was recorded, and without our extension, which the recordings lack. */
const piPeer: PeerBridgeOptions = {
  adapter: 'indusagi-cli',
  displayName: 'pi',
  defaultBinary: 'pi',
  forms: ['rpc'],
};

export type ReplayLine = HeadlessLine | BadLine;

export interface ReplayOptions {
  readonly dialect: ReplayDialectName;
  readonly recording: Uint8Array;
  readonly nextChunkBytes: () => number;
  readonly emit: (line: ReplayLine) => void;
  /** Waits while the output is full. Default: never. */
  readonly pace?: () => Promise<void>;
  /** Every message of the bridge to the agent. */
  readonly onSend?: (message: unknown) => void;
}

/**
 * Plays a recording through the real broker, driver, bridge, turn loop and gate. Gives the exit status: that of the last
 * turn, or of an input without any turn. Never rejects for what a recording holds.
 */
export async function replay(options: ReplayOptions): Promise<number> {
  const run = new ReplayRun(options);
  try {
    return await run.play();
  } finally {
    await run.dispose();
  }
}

class ReplayRun {
  private readonly clock = new ReplayClock();
  private readonly world: ReplayWorld;
  private readonly broker: RuntimeBroker;
  private readonly player: ReplayPlayer;
  private readonly model: ModelRef;
  private readonly messages: Message[] = [];
  private readonly sessionId = createId('session');
  private readonly cwd: string;
  private readonly script: ReturnType<typeof scriptOf>;
  private readonly adapter: string | undefined;
  private token: string | undefined;

  constructor(private readonly options: ReplayOptions) {
    const { bridge, dialect } = replayParts(options.dialect);
    const { adapter, processes } = readRecording(options.recording, options.emit);
    this.adapter = adapter;
    this.script = scriptOf(processes, dialect);
    this.cwd = processes.find(({ cwd }) => cwd?.startsWith('/') === true)?.cwd ?? '/workspace';
    this.world = createReplayWorld({
      cwd: this.cwd,
      clock: this.clock,
      onAudit: (audit) => {
        if (audit.kind === 'decision') {
          const { effects, decision, reason } = audit;
          options.emit({ permission: { effects, decision, reason } });
        }
        options.emit({ audit });
      },
    });
    this.player = new ReplayPlayer({
      dialect,
      script: this.script,
      user: this.world.user,
      files: this.world.files,
      nextChunkBytes: options.nextChunkBytes,
      onSend: options.onSend ?? (() => undefined),
      onBadLine: (error) => options.emit({ error }),
      pace: options.pace ?? (() => Promise.resolve()),
    });
    this.broker = new RuntimeBroker({
      framework: () => {
        throw new Error('a replay has no network');
      },
      transport: ({ launch }) => this.player.open(launch.inputText !== undefined),
      clock: this.clock,
      logger: silentLogger,
    });
    this.broker.register(bridge);
    this.model = {
      id: `${bridge.adapter}/default`,
      api: 'external',
      provider: bridge.adapter,
      model: 'default',
      name: bridge.displayName,
      address: runtimeEndpoint(bridge.adapter),
      runtime: createRuntimeSpec({ adapter: bridge.adapter, authMode: 'external-cli' }),
    };
  }

  async play(): Promise<number> {
    let terminal: Terminal | undefined;
    for (;;) {
      const prompt = this.player.nextPrompt();
      await this.player.playUntil(prompt);
      if (prompt === undefined) {
        break;
      }
      terminal = await this.playTurn(prompt);
      this.options.emit({ terminal });
    }
    if (terminal !== undefined) {
      return exitCodeOf(terminal);
    }
    if (this.script.length === 0) {
      this.options.emit({ error: 'There is no recording on standard input.' });
      return 1;
    }
    const { dialect } = this.options;
    if (this.adapter !== undefined && this.adapter !== dialect) {
      this.options.emit({
        error: `This recording is of ${this.adapter}, and nothing in it is a turn of ${dialect}. Name its own dialect.`,
      });
      return 1;
    }
    return 0;
  }

  async dispose(): Promise<void> {
    await this.broker.closeAll();
    await this.world.dispose();
  }

  private async playTurn(prompt: ScriptedPrompt): Promise<Terminal> {
    const report = new TurnReport();
    const controller = new AbortController();
    let terminal: Terminal | undefined;
    const running = this.runTurn(prompt, report, controller.signal).then((end) => {
      terminal = end;
    });
    const turn: PlayedTurn = {
      isOver: () => terminal !== undefined,
      abort: () => controller.abort(),
    };
    await this.player.playTurn(prompt, turn);
    for (let round = 0; !turn.isOver() && round < maxRounds; round += 1) {
      this.world.user.denyRest('the recording ends without an answer');
      await this.player.quiet();
      if (!turn.isOver() && !this.clock.leap()) {
        break;
      }
      await this.player.quiet();
    }
    if (!turn.isOver()) {
      controller.abort();
    }
    // What the turn has left open, a call that the agent handed to us, ends with it here: nobody answers it any more.
    this.world.user.denyRest('the turn is over');
    await this.player.quiet();
    void running;
    return terminal ?? report.failed('The recording ends and the turn does not.');
  }

  /** A process was started with its own token or with none; a later turn of it goes on where the one before was. */
  private resumeFor(prompt: ScriptedPrompt): string | undefined {
    const process = this.script[prompt.processIndex];
    return process?.prompts[0] === prompt ? process.resume : this.token;
  }

  private async runTurn(
    prompt: ScriptedPrompt,
    report: TurnReport,
    signal: AbortSignal,
  ): Promise<Terminal> {
    const { emit } = this.options;
    const text = prompt.text.trim() === '' ? '(the recording lacks the prompt)' : prompt.text;
    this.messages.push({ role: 'user', text, createdAtMs: this.clock.nowMs() });
    const resume = this.resumeFor(prompt);
    try {
      const message = await runTurn(
        {
          exchange: (...args) => this.broker.exchange(...args),
          orchestrator: this.world.orchestrator,
          messages: () => this.messages,
          nowMs: () => this.clock.nowMs(),
        },
        {
          turnId: createId('turn'),
          sessionId: this.sessionId,
          model: this.model,
          asker: this.model.name,
          mode: () => 'ask',
          systemPrompt: '',
          cwd: this.cwd,
          signal,
          apiKey: undefined,
          options: resume === undefined ? {} : { resume },
        },
        {
          onEvent: (event) => {
            if (event.kind === 'resume') {
              this.token = event.token;
            }
            report.event(event);
            emit({ event });
          },
          onObservation: (observation) => {
            report.observation(observation);
            emit({ observation });
          },
          onProgress: () => undefined,
          onToolResult: (call, result) => {
            emit({ observation: { kind: 'tool_result', callId: call.id, result } });
          },
          onMessage: (message) => this.messages.push(message),
        },
      );
      return report.terminal(message);
    } catch (error) {
      return report.failed(`The turn failed: ${errorMessage(error)}`);
    }
  }
}

const maxRounds = 100;
