import type { ModelRef } from './contract';

/** The providers whose models are shipped by name. */
export type ApiProvider = 'anthropic' | 'openai';

function anthropic(
  model: string,
  name: string,
  windowTokens: number,
  outputTokens: number,
): ModelRef {
  return {
    id: `anthropic/${model}`,
    api: 'anthropic-messages',
    provider: 'anthropic',
    model,
    name,
    contextWindowTokens: windowTokens,
    maxOutputTokens: outputTokens,
    supportsReasoning: true,
  };
}

function openai(model: string, name: string, numbers: Partial<ModelRef>): ModelRef {
  return {
    id: `openai/${model}`,
    api: 'openai-responses',
    provider: 'openai',
    model,
    name,
    ...numbers,
  };
}

const million = {
  contextWindowTokens: 1_050_000,
  maxOutputTokens: 128_000,
  supportsReasoning: true,
};

/**
 * The API models that are offered without the user naming them, newest first. A number that its maker does not publish
 * is left out: unknown stays unknown. Others are added by name in the settings.
 *
 * Source: the model pages of platform.claude.com and developers.openai.com, October 2026.
 */
export const shippedModels: readonly ModelRef[] = Object.freeze([
  anthropic('claude-opus-5-5', 'Claude Opus 5.5', 1_000_000, 128_000),
  anthropic('claude-sonnet-5-5', 'Claude Sonnet 5.5', 1_000_000, 128_000),
  anthropic('claude-haiku-5-5', 'Claude Haiku 5.5', 1_000_000, 128_000),
  anthropic('claude-fable-5-1', 'Claude Fable 5.1', 1_000_000, 128_000),
  anthropic('claude-opus-5', 'Claude Opus 5', 1_000_000, 128_000),
  anthropic('claude-sonnet-5', 'Claude Sonnet 5', 1_000_000, 128_000),
  anthropic('claude-haiku-4-5', 'Claude Haiku 4.5', 200_000, 64_000),
  openai('gpt-6.1-sol', 'GPT-6.1 Sol', million),
  openai('gpt-6-luna', 'GPT-6 Luna', million),
  openai('gpt-6-astra', 'GPT-6 Astra', { supportsReasoning: true }),
  openai('gpt-5.5', 'GPT-5.5', million),
  openai('gpt-4.1', 'GPT-4.1', {
    contextWindowTokens: 1_047_576,
    maxOutputTokens: 32_768,
    supportsReasoning: false,
  }),
]);
