// What an agent says in a long turn, as Claude Code 2.1 was recorded: answers in small deltas, each repeated whole, and now
// and then a tool whose result is one line of 5 MB.
const sessionId = '75eb3608-434d-4884-a0af-3c2d024499b2';
let lineCount = 0;
/** Every line has its own: one that comes again is the same line. */
const uuid = () => `c1f9120b-4cc6-4cdb-95f6-${(lineCount++).toString(16).padStart(12, '0')}`;
const pieces = [
  'The cord ',
  'joins two',
  ' jacks;\n',
  'a "signal"',
  ' goes from',
  ' one room ',
  'to — ',
  '`other`. ',
];

/** One line of an agent without its line end. */
const event = (message, body) =>
  JSON.stringify({
    type: 'stream_event',
    event: body,
    session_id: sessionId,
    parent_tool_use_id: null,
    uuid: uuid(),
    api_message_id: message,
  });

const whole = (message, content) =>
  JSON.stringify({
    type: 'assistant',
    message: {
      id: message,
      type: 'message',
      role: 'assistant',
      model: 'claude-opus-5-5',
      content,
      stop_reason: null,
    },
    parent_tool_use_id: null,
    session_id: sessionId,
    uuid: uuid(),
  });

/** An answer of `deltas` pieces of text. */
function answer(round, deltas) {
  const id = `msg_${round}`;
  const text = Array.from({ length: deltas }, (_, i) => pieces[(i * 7 + round) % pieces.length]);
  return [
    event(id, {
      type: 'message_start',
      message: { id, type: 'message', role: 'assistant', content: [] },
    }),
    event(id, {
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'text', text: '' },
    }),
    ...text.map((piece) =>
      event(id, {
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'text_delta', text: piece },
      }),
    ),
    whole(id, [{ type: 'text', text: text.join('') }]),
    event(id, { type: 'content_block_stop', index: 0 }),
  ];
}

/** A file that was read: about `bytes` of JSON line. */
function bigResult(round, bytes) {
  const line = '\tconst cord = join("left jack", \'right jack\'); // goes through\n';
  const content = line.repeat(Math.ceil(bytes / (JSON.stringify(line).length + 1)));
  const callId = `toolu_${round}`;
  return [
    whole(`msg_tool_${round}`, [
      { type: 'tool_use', id: callId, name: 'Read', input: { file_path: '/workspace/big.ts' } },
    ]),
    JSON.stringify({
      type: 'user',
      message: { role: 'user', content: [{ tool_use_id: callId, type: 'tool_result', content }] },
      parent_tool_use_id: null,
      session_id: sessionId,
      uuid: uuid(),
    }),
  ];
}

export const init = JSON.stringify({
  type: 'system',
  subtype: 'init',
  session_id: sessionId,
  claude_code_version: '2.1.329',
});

export const result = JSON.stringify({
  type: 'result',
  subtype: 'success',
  is_error: false,
  session_id: sessionId,
  stop_reason: 'end_turn',
  result: '',
  usage: { input_tokens: 1200, output_tokens: 42 },
});

/** The lines of one round: ten answers of 400 deltas, and a big line when `bigBytes` is given. */
export function round(number, bigBytes) {
  const lines = [];
  for (let n = 0; n < 10; n++) lines.push(...answer(number * 10 + n, 400));
  if (bigBytes > 0) lines.push(...bigResult(number, bigBytes));
  return Buffer.from(`${lines.join('\n')}\n`);
}
