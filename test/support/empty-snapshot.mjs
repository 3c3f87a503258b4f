/** A panel's snapshot in which nothing was said yet. `name` is the title and what is answering; `change` replaces parts. */
export function emptySnapshot(name, change = {}) {
  return {
    version: 1,
    seq: 0,
    sessionId: 'session',
    title: name,
    items: [],
    prompts: [],
    edits: [],
    changes: [],
    status: {
      phase: 'idle',
      title: name,
      modelId: 'stand-in/model',
      modelName: name,
      runtimeName: name,
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
    ...change,
  };
}
