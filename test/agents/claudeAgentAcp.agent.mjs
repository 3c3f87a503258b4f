import { mainJob } from './panel.mjs';
import { plantClaude } from './planted.mjs';

mainJob({
  title: 'claude-agent-acp',
  adapter: 'acp:claude-agent-acp',
  readTool: 'Read',
  isMatch: (command) => command.includes('claude'),
  plant: plantClaude,
});

mainJob({
  title: 'claude-agent-acp with Patchbay’s tools',
  adapter: 'acp:claude-agent-acp',
  suffix: '-our-tools',
  model: 'Claude Agent (ACP) · Patchbay’s tools',
  hasOurTools: true,
  isMatch: (command) => command.includes('claude') || command.includes('toolServer.js'),
  plant: plantClaude,
});
