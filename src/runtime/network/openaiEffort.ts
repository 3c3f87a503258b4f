import type { ModelRef, ReasoningEffort } from '../contract';

/** Whether a model reasons: what the catalog says, else its name. */
export function isOpenAiReasoner(model: Pick<ModelRef, 'model' | 'supportsReasoning'>): boolean {
  return (
    model.supportsReasoning ??
    (/^(o\d|gpt-[5-9]|codex)/.test(model.model) && !model.model.includes('chat-latest'))
  );
}

/**
 * The nearest effort that a model takes: `minimal` came with GPT-5 and went after it, `xhigh` came with GPT-5.2. Other
 * names get what was asked.
 */
export function clampOpenAiEffort(model: string, effort: ReasoningEffort): ReasoningEffort {
  const version = gptVersion(model);
  const isEarly = /^o\d/.test(model) || (version !== undefined && version < 5.2);
  if (effort === 'xhigh') {
    return isEarly && !model.includes('codex-max') ? 'high' : 'xhigh';
  }
  if (effort === 'minimal') {
    return version === undefined && !/^o\d/.test(model)
      ? 'minimal'
      : version === 5
        ? 'minimal'
        : 'low';
  }
  return effort;
}

function gptVersion(model: string): number | undefined {
  const match = /^gpt-(\d+(?:\.\d+)?)/.exec(model);
  return match === null ? undefined : Number(match[1]);
}
