import { mainJob } from './panel.mjs';
import { plantClaude } from './planted.mjs';

mainJob({
  title: 'Claude Code',
  adapter: 'claude-cli',
  readTool: 'Read',
  isMatch: (command) => command.includes('claude'),
  plant: plantClaude,
});
