import { PatchbayError } from '../../base/patchbayError';
import type { UserMessage } from '../../events/message';
import { codexEffort, codexModel, folderIsolationArgs, tomlString } from '../codexItems';
import type { Bridge, LaunchPlan, ModelRef, TurnContext } from '../contract';
import { turnText } from '../preamble';
import { CodexExecParser } from './codexExecParser';

/**
 * `codex exec --json`: one process per turn, the prompt on its stdin. It cannot ask, so it starts in its read-only
 * sandbox unless the user's own arguments choose another one.
 */
export const codexExecBridge: Bridge = {
  adapter: 'codex-exec',
  displayName: 'Codex (exec)',
  coverage: 'none',
  coverageNote:
    'Codex cannot ask in this form: what its sandbox allows runs without a question, the rest is refused. It starts read-only; prefer the adapter codex-cli, which asks.',
  controls: { model: true, reasoning: true, plan: true, extraFolders: false, images: false },
  requiresCredential: (spec) => spec.authMode === 'api-key',
  launch: (spec, { model, context, opts, resume }): LaunchPlan => {
    const { cwd } = opts;
    if (cwd === undefined) {
      throw new PatchbayError(
        'no_folder',
        'Codex needs a folder to work in. Open a folder and send the prompt again.',
      );
    }
    const effort = codexEffort(opts.reasoning);
    // Planning writes nothing, whatever the user chose for working.
    const own = opts.mode === 'plan' ? withoutSandbox(spec.args ?? []) : (spec.args ?? []);
    return {
      defaultBinary: 'codex',
      args: [
        'exec',
        ...own,
        '--json',
        '--skip-git-repo-check',
        ...(own.some(choosesSandbox) ? [] : ['-s', 'read-only']),
        ...folderIsolationArgs(cwd),
        // The folder's skills load even when it is not trusted, and this form cannot tell them from the user's.
        '-c',
        'skills.include_instructions=false',
        ...modelArgs(model),
        ...(effort === undefined ? [] : ['-c', `model_reasoning_effort=${tomlString(effort)}`]),
        // The token is one of ours or of the record's: behind the dashes it cannot become a flag.
        ...(resume === undefined ? ['-'] : ['resume', '--', resume, '-']),
      ],
      inputText: promptText(model, context, resume !== undefined),
    };
  },
  createParser: (context) => new CodexExecParser(context),
};

/** An argument of the user (machine settings) that says what Codex may do; two of a kind would be refused. */
function choosesSandbox(arg: string): boolean {
  return /^(-s.*|--sandbox(=.*)?|--full-auto|--approve-for-me|--dangerously-bypass-approvals-and-sandbox|--yolo)$/.test(
    arg,
  );
}

function withoutSandbox(args: readonly string[]): readonly string[] {
  return args.filter(
    (arg, index) => !choosesSandbox(arg) && !/^(-s|--sandbox)$/.test(args[index - 1] ?? ''),
  );
}

function modelArgs(model: ModelRef): readonly string[] {
  const name = codexModel(model);
  return name === undefined ? [] : [`--model=${name}`];
}

/** There is no place of its own for instructions that does not show in the list of processes: they go in front. */
function promptText(model: ModelRef, context: TurnContext, remembers: boolean): string {
  const text = turnText(context, model, remembers);
  const prompt = context.systemPrompt;
  const images = newestUserMessage(context)?.images?.length ?? 0;
  const missing =
    images === 0 ? '' : `\n\n(${images} pictures of the user cannot be shown to you in this form.)`;
  return prompt === '' || remembers
    ? `${text}${missing}`
    : `<instructions>\n${prompt.replaceAll('</instructions>', '</instructions›')}\n</instructions>\n\n${text}${missing}`;
}

function newestUserMessage(context: TurnContext): UserMessage | undefined {
  return context.messages.findLast((message) => message.role === 'user');
}
