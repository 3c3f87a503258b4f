import { protocolVersion, type PanelSnapshot } from './methods';

/** A conversation of which nothing is known yet: nothing said, nothing waits, a trusted folder. */
export const emptySnapshot: PanelSnapshot = {
  version: protocolVersion,
  seq: 0,
  sessionId: '',
  title: '',
  items: [],
  prompts: [],
  edits: [],
  changes: [],
  status: {
    phase: 'idle',
    title: '',
    modelId: '',
    modelName: '',
    runtimeName: '',
    mode: 'ask',
    queuedCount: 0,
    instructionFiles: [],
  },
  setup: {
    isTrusted: true,
    hasFolder: true,
    isProbing: false,
    runtimes: [],
    models: [],
    examples: [],
  },
  draft: '',
};
