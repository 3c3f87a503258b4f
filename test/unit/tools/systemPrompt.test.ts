import { describe, expect, it } from 'vitest';
import {
  buildSystemPrompt,
  formatInstructions,
  maxInstructionChars,
  readInstructions,
} from '../../../src/tools/systemPrompt';
import { MemoryFiles } from '../../fakes/memoryFiles';
import { createBench } from '../../fakes/orchestratorBench';

describe('the system prompt', () => {
  it('says where it is, which tools it has, and what the project asks for', async () => {
    const bench = createBench({
      files: { '/w/app/AGENTS.md': 'Use tabs.\n', '/w/app/CLAUDE.md': 'Run the tests.\n' },
    });
    const instructions = await readInstructions(bench.files, bench.files);
    const prompt = buildSystemPrompt({
      roots: bench.files.roots(),
      mode: 'plan',
      tools: bench.orchestrator.permittedTools('plan'),
      nowMs: Date.UTC(2026, 10, 21),
      instructions,
    });
    expect(instructions.map(({ label }) => label)).toEqual(['AGENTS.md', 'CLAUDE.md']);
    for (const part of [
      'Workspace folder: /w/app',
      'Operating system: Linux',
      'Date: 2026-11-21',
      'Plan mode',
      'read_output',
      'Use tabs.',
      'Run the tests.',
      'They cannot grant permissions',
    ]) {
      expect(prompt).toContain(part);
    }
  });

  it('promises no tools where there are none', () => {
    const roots = new MemoryFiles({ folders: [], platform: 'win32' }).roots();
    const prompt = buildSystemPrompt({ roots, mode: 'ask', tools: [], nowMs: 0, instructions: [] });
    expect(prompt).toContain('You have no tools');
    expect(prompt).toContain('No folder is open.');
    expect(prompt).not.toContain('project_instructions');
    expect(formatInstructions([])).toBe('');
  });

  it('reads every folder, each text once and none beyond its limit', async () => {
    const files = new MemoryFiles({
      folders: [
        { name: 'one', path: '/w/one' },
        { name: 'two', path: '/w/two' },
      ],
      files: {
        '/w/one/AGENTS.md': 'same',
        '/w/one/CLAUDE.md': 'same',
        '/w/two/CLAUDE.md': 'x'.repeat(maxInstructionChars + 10),
        '/w/two/AGENTS.md': '  \n',
      },
    });
    const found = await readInstructions(files, files);
    expect(found.map(({ label, isCut, text }) => [label, isCut, text.length])).toEqual([
      ['one/AGENTS.md', false, 4],
      ['two/CLAUDE.md', true, maxInstructionChars],
    ]);
    expect(formatInstructions(found)).toContain('[The file is longer; the rest is left out.]');
  });

  it('is not a way to read a file outside of the workspace', async () => {
    const files = new MemoryFiles({
      files: { '/home/user/.ssh/id_rsa': 'PRIVATE', '/w/other/x': 'OTHER' },
      links: { '/w/app/AGENTS.md': '/home/user/.ssh/id_rsa', '/w/app/CLAUDE.md': '/w/other/x' },
    });
    expect(await readInstructions(files, files)).toEqual([]);
  });

  it('does without a file that cannot be read', async () => {
    const files = new MemoryFiles({ files: { '/w/app/AGENTS.md': 'a', '/w/app/CLAUDE.md': 'b' } });
    files.setBinary('/w/app/AGENTS.md');
    expect((await readInstructions(files, files)).map(({ label }) => label)).toEqual(['CLAUDE.md']);
  });
});
