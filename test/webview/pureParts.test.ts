import { describe, expect, it } from 'vitest';
import type { PromptView } from '../../src/protocol/methods';
import { draftAtStart, restAfterSend, withInserted } from '../../webview/draft';
import { missingInEndpoint, modelNames } from '../../webview/endpointInput';
import { hunkLabel, hunkLines, linePieces } from '../../webview/hunkLines';
import { foundModels, groupsOf } from '../../webview/modelSearch';
import { promptHeadline } from '../../webview/promptWords';
import { answerOf, isAnswered, toggled } from '../../webview/questionAnswers';
import { toolTitle } from '../../webview/toolWords';
import { emptyLayout, toLayoutState } from '../../webview/vscodeApi';

describe('the draft', () => {
  const state = { sessionId: 's', draft: 'from the host' };

  it('starts with what the page kept, when that is of this session', () => {
    const page = { sessionId: 's', draft: 'from the page' };
    expect(draftAtStart(page, state, undefined)).toBe('from the page');
    expect(draftAtStart({ ...page, sessionId: 'other' }, state, undefined)).toBe('from the host');
    expect(draftAtStart(emptyLayout, state, undefined)).toBe('from the host');
  });

  it('shows what the page kept until the session is known, and keeps what was typed by then', () => {
    const page = { sessionId: 'other', draft: 'from the page' };
    expect(draftAtStart(page, { sessionId: '', draft: '' }, undefined)).toBe('from the page');
    expect(draftAtStart(page, state, 'typed')).toBe('typed');
  });

  it('keeps what was typed while the prompt was on its way', () => {
    expect(restAfterSend('one', 'one')).toBe('');
    expect(restAfterSend('one', 'one\nand two')).toBe('and two');
    expect(restAfterSend('one', 'changed')).toBe('changed');
  });

  it('takes inserted text on a line of its own', () => {
    expect(withInserted('', 'x')).toBe('x');
    expect(withInserted('a', 'x')).toBe('a\nx');
    expect(withInserted('a\n', 'x')).toBe('a\nx');
  });
});

describe('toLayoutState', () => {
  it('reads what an earlier page left and nothing else', () => {
    const state = { sessionId: 's', draft: 'd', anchor: { itemId: 'i', offsetPx: 3 } };
    expect(toLayoutState(JSON.parse(JSON.stringify({ ...state, more: 1 })))).toEqual(state);
    expect(toLayoutState({ sessionId: 's', draft: 'd', anchor: 'x' })).toEqual({
      sessionId: 's',
      draft: 'd',
    });
    expect([undefined, null, 'x', {}, { draft: 1 }].map(toLayoutState)).toEqual(
      Array.from({ length: 5 }, () => emptyLayout),
    );
  });
});

describe('the name of a tool', () => {
  it('has the tool of a server in front, and is itself for any other tool', () => {
    expect(toolTitle('mcp__playwright__browser_take_screenshot')).toBe(
      'browser_take_screenshot · playwright',
    );
    expect(toolTitle('mcp__a_b__c__d')).toBe('c__d · a_b');
    expect(['Task', 'mcp__', 'mcp__only', 'my_mcp__a__b'].map(toolTitle)).toEqual([
      'Task',
      'mcp__',
      'mcp__only',
      'my_mcp__a__b',
    ]);
  });
});

describe('the endpoint form', () => {
  it('takes one model per line or comma, each once', () => {
    expect(modelNames(' a \nb,,a\n\n c')).toEqual(['a', 'b', 'c']);
  });

  it('says what is missing', () => {
    const whole = { name: 'n', url: 'http://localhost:1/v1', models: 'm' };
    expect(missingInEndpoint(whole)).toBeUndefined();
    expect(missingInEndpoint({ ...whole, name: ' ' })).toEqual({
      field: 'name',
      sentence: 'Give it a name.',
    });
    expect(missingInEndpoint({ ...whole, url: 'localhost' })).toEqual({
      field: 'url',
      sentence: 'The base URL begins with http:// or https://.',
    });
    expect(missingInEndpoint({ ...whole, models: ',' })).toEqual({
      field: 'models',
      sentence: 'Name at least one model, or fetch them.',
    });
  });
});

describe('a hunk', () => {
  const hunk = {
    id: 'h',
    oldStart: 4,
    oldLines: 1,
    newStart: 5,
    newLines: 2,
    oldText: 'a\r\n',
    newText: 'b\r\n\r\n',
  };

  it('is its removed and then its added lines, numbered in their own text', () => {
    expect(hunkLines(hunk)).toEqual([
      { sign: '−', lineOneBased: 4, text: 'a' },
      { sign: '+', lineOneBased: 5, text: 'b' },
      { sign: '+', lineOneBased: 6, text: '' },
    ]);
    expect(hunkLines({ ...hunk, oldText: '', newText: 'no final newline' })).toEqual([
      { sign: '+', lineOneBased: 5, text: 'no final newline' },
    ]);
  });

  it('has the characters that changed in the lines that it marks', () => {
    const marks = {
      removed: [{ line: 0, start: 0, end: 1 }],
      added: [{ line: 0, start: 0, end: 1 }],
    };
    const lines = hunkLines(hunk, marks);
    expect(lines).toEqual([
      { sign: '−', lineOneBased: 4, text: 'a', marks: [{ start: 0, end: 1 }] },
      { sign: '+', lineOneBased: 5, text: 'b', marks: [{ start: 0, end: 1 }] },
      { sign: '+', lineOneBased: 6, text: '', marks: [] },
    ]);
    const line = { sign: '+', lineOneBased: 1, text: 'coats: 30' } as const;
    expect(
      linePieces({
        ...line,
        marks: [
          { start: 0, end: 2 },
          { start: 7, end: 9 },
        ],
      }),
    ).toEqual([
      { text: 'co', isChanged: true },
      { text: 'ats: ', isChanged: false },
      { text: '30', isChanged: true },
    ]);
    // Marks of another text change nothing of what is shown.
    expect(linePieces({ ...line, marks: [{ start: 4, end: 99 }] }).map(({ text }) => text)).toEqual(
      ['coat', 's: 30'],
    );
    expect(linePieces({ ...line, text: '' })).toEqual([{ text: '', isChanged: false }]);
  });

  it('is said with its place, size and state', () => {
    expect(hunkLabel(hunk, { kind: 'denied' }, 1, 2, false)).toBe(
      'Change 1 of 2, line 5, 1 line removed, 2 lines added, denied',
    );
  });
});

describe('models', () => {
  const model = (id: string, group: string) => ({
    id,
    name: id,
    group,
    detail: '',
    isUsable: true,
  });
  const models = [model('gpt-5', 'OpenAI'), model('opus', 'Agents'), model('gpt-5-mini', 'OpenAI')];

  it('are found by every word, in any order', () => {
    expect(foundModels(models, 'mini gpt').map(({ id }) => id)).toEqual(['gpt-5-mini']);
    expect(foundModels(models, ' OPENAI').map(({ id }) => id)).toEqual(['gpt-5', 'gpt-5-mini']);
    expect(foundModels(models, '')).toEqual(models);
  });

  it('are grouped in the order in which the groups come', () => {
    expect(groupsOf(models).map(({ group, models: of }) => [group, of.length])).toEqual([
      ['OpenAI', 2],
      ['Agents', 1],
    ]);
  });
});

describe('promptHeadline', () => {
  const prompt: PromptView = {
    id: 'p',
    digest: 'd',
    callId: 'c',
    asker: 'A',
    toolName: 'Magic',
    effects: [],
    reason: '',
    inputText: '',
  };

  it('says what would happen, and the class of a path that is not ordinary', () => {
    const read = { kind: 'read', path: 'a', target: 'a', pathClass: 'outside' } as const;
    expect(promptHeadline({ ...prompt, effects: [read] }).title).toBe(
      'Read a file outside the workspace',
    );
    expect(promptHeadline({ ...prompt, effects: [{ kind: 'network', url: 'x' }] }).sentence).toBe(
      'asks to open a network address',
    );
    expect(promptHeadline(prompt).title).toBe('Use the tool Magic');
    expect(promptHeadline({ ...prompt, questions: [] }).sentence).toBe('asks you a question');
  });
});

describe('answers', () => {
  it('are the chosen labels and the own words', () => {
    const chosen = toggled(toggled(toggled('', 'a', true), 'b', true), 'a', false);
    expect(chosen).toBe('b');
    expect(answerOf({ chosen, words: ' mine ' })).toBe('b, mine');
    expect(isAnswered({ chosen: '', words: ' ' })).toBe(false);
    expect(isAnswered({ chosen: '', words: 'x' })).toBe(true);
  });
});
