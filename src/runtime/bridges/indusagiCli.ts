import { PatchbayError } from '../../base/patchbayError';
import type {
  Bridge,
  CoverageInfo,
  ExternalRuntimeSpec,
  LaunchPlan,
  ModelRef,
  ReasoningEffort,
} from '../contract';
import { PeerExchangeParser } from './indusagiCliExchange';
import { PeerRpcParser } from './indusagiCliRpc';

/**
 * How a child of this family is started and spoken to: JSON-RPC (`runExchange`, or the link), or commands and events;
 * `plain-rpc` for a program that takes the latter, but not the options that keep a folder's own settings out.
 */
export type PeerForm = 'exchange' | 'rpc' | 'plain-rpc';

/** Our extension for pi, which puts every call before the gate. */
export interface PeerGate {
  /** Absolute path of media/pi-gate.mjs as it is shipped. */
  readonly extensionPath: string;
  /**
   * True: nothing is prompted unless the extension has reported itself, so that no call runs unasked. False: it is
   * offered, and a peer that takes no extensions works without.
   */
  readonly isRequired: boolean;
}

export interface PeerBridgeOptions {
  readonly adapter: string;
  /** For people. */
  readonly displayName: string;
  readonly defaultBinary: string;
  /** Best first. */
  readonly forms: readonly PeerForm[];
  readonly gate?: PeerGate;
}

const unseen: CoverageInfo = {
  coverage: 'none',
  note: 'It runs its tools without asking. Its changes are shown as unreviewed hunks after they were made.',
};

/**
 * What keeps a folder's own things out of pi: its extensions, skills, prompt templates, context files and system prompts
 * (seen with 0.73.1). Each switch covers the user's own of these too.
 */
const folderGuards = [
  '--no-extensions',
  '--no-skills',
  '--no-prompt-templates',
  '--no-themes',
  '--no-context-files',
  '--system-prompt',
  '',
  '--append-system-prompt',
  '',
] as const;

/**
 * The packages that a folder names would be installed at the start, by a command of the folder's choice, and the session
 * written where the folder says; a shell and a command prefix of the folder are passed over by our extension.
 */
const guardVariables = {
  PI_OFFLINE: '1',
  PI_SKIP_VERSION_CHECK: '1',
  PI_CODING_AGENT_SESSION_DIR: '~/.pi/agent/sessions/patchbay',
} as const;

/**
 * A bridge to a peer of the Indusagi family. The rpc form is the one of pi, proven with pi 0.73.1; the other form is as
 * documented. Prompts, the system prompt, the model and the session to take up again all go over stdin, never argv.
 */
export function createPeerBridge(options: PeerBridgeOptions): Bridge {
  const { adapter, displayName, gate } = options;
  const isGated = gate?.isRequired === true && !options.forms.includes('exchange');
  const coverage: CoverageInfo = isGated ? { coverage: 'all', note: '' } : unseen;
  const forms = (spec: ExternalRuntimeSpec): readonly PeerForm[] => formsFor(spec, options.forms);
  return {
    adapter,
    displayName,
    coverage: coverage.coverage,
    coverageNote: coverage.note,
    ...(options.forms.includes('exchange') ? {} : { compaction: 'always' }),
    controls: {
      model: true,
      reasoning: true,
      plan: false,
      extraFolders: false,
      images: true,
    },
    forms,
    requiresCredential: (spec) => spec.authMode === 'api-key',
    launch: (spec, { model, context, opts, form }): LaunchPlan => {
      if (opts.cwd === undefined) {
        throw new PatchbayError(
          'no_folder',
          `${displayName} needs a folder to work in. Open a folder and send the prompt again.`,
        );
      }
      const args = [
        ...(spec.args ?? []),
        ...formArgs(form ?? options.forms[0], gate, model, opts.reasoning),
      ];
      return {
        defaultBinary: options.defaultBinary,
        args,
        env: { ...guardVariables, ...spec.env },
        leaseKey: JSON.stringify([spec.binaryPath, args, spec.env, opts.cwd, context.systemPrompt]),
      };
    },
    createParser: (context) => {
      const hasOtherForms = options.forms.length > 1;
      return (context.form ?? options.forms[0]) === 'exchange'
        ? new PeerExchangeParser(context, { agentName: displayName, hasOtherForms })
        : new PeerRpcParser(context, {
            agentName: displayName,
            hasOtherForms,
            needsGate: gate?.isRequired === true,
          });
    },
  };
}

/**
 * Indusagi, and every program of its family that is set as its binary. `extensionPath` as in `PeerGate`: a peer that
 * takes pi's extensions asks before its calls; that it does is not promised.
 */
export function createIndusagiBridge(extensionPath?: string): Bridge {
  return createPeerBridge({
    adapter: 'indusagi-cli',
    displayName: 'Indusagi',
    defaultBinary: 'indusagi',
    forms: ['exchange', 'rpc', 'plain-rpc'],
    ...(extensionPath === undefined ? {} : { gate: { extensionPath, isRequired: false } }),
  });
}

/** pi with every call before the gate (proven with 0.73.1). */
export function createPiBridge(extensionPath: string): Bridge {
  return createPeerBridge({
    adapter: 'pi',
    displayName: 'pi',
    defaultBinary: 'pi',
    forms: ['rpc'],
    gate: { extensionPath, isRequired: true },
  });
}

export const indusagiCliBridge: Bridge = createIndusagiBridge();

/** What the program's name and the user's own arguments say comes first; the other form stays as a second try. */
function formsFor(spec: ExternalRuntimeSpec, forms: readonly PeerForm[]): readonly PeerForm[] {
  const args = spec.args ?? [];
  const name = /(?:^|[\\/])([^\\/]*)$/.exec(spec.binaryPath ?? '')?.[1] ?? '';
  const first: PeerForm | undefined =
    args.includes('--mode') || /^pi(\.(exe|cmd|js))?$/i.test(name) ? 'rpc' : undefined;
  return first === undefined || !forms.includes(first)
    ? forms
    : [first, ...forms.filter((form) => form !== first)];
}

/**
 * The model and the effort are chosen here and not by `set_model` and `set_thinking_level`: those also make them the
 * user's defaults in pi's own settings (seen with 0.73.1). pi takes no `--flag=value`; it takes what follows a flag as
 * its value, whatever it begins with.
 */
function formArgs(
  form: string | undefined,
  gate: PeerGate | undefined,
  model: ModelRef,
  reasoning: ReasoningEffort | undefined,
): readonly string[] {
  if (form === 'exchange') {
    return ['--rpc'];
  }
  return [
    '--mode',
    'rpc',
    ...modelArgs(model.model),
    ...(reasoning === undefined ? [] : ['--thinking', reasoning]),
    ...(form === 'plain-rpc' ? [] : folderGuards),
    ...(form === 'plain-rpc' || gate === undefined ? [] : ['--extension', gate.extensionPath]),
  ];
}

/** `provider/model`; the model's own name may hold slashes too. */
function modelArgs(model: string): readonly string[] {
  if (model === '' || model === 'default') {
    return [];
  }
  const cut = model.indexOf('/');
  return cut <= 0
    ? ['--model', model]
    : ['--provider', model.slice(0, cut), '--model', model.slice(cut + 1)];
}
