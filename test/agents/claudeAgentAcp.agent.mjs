import { mainJob } from './panel.mjs';
import { plantClaude } from './planted.mjs';

mainJob({
  title: 'claude-agent-acp',
  adapter: 'acp:claude-agent-acp',
  readTool: 'Read',
  isMatch: (command) => command.includes('claude'),
  plant: plantClaude,
});
