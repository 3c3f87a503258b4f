import { mainJob } from './panel.mjs';
import { plantClaude } from './planted.mjs';

mainJob({
  title: 'Claude Code',
  adapter: 'claude-cli',
  readTool: 'Read',
  isMatch: (command) => command.includes('claude'),
  plant: plantClaude,
});

mainJob({
  title: 'Claude Code with Patchbay’s tools',
  adapter: 'claude-cli',
  suffix: '-our-tools',
  model: 'Claude Code · Patchbay’s tools',
  hasOurTools: true,
  isMatch: (command) => command.includes('claude') || command.includes('toolServer.js'),
  plant: plantClaude,
});
