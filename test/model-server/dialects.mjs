// One generator per wire dialect: (turn, ctx) -> list of SSE records {event?, data}
// and a non-streaming body. `turn.blocks` are already resolved:
//   {type:'thinking', text} {type:'text', text} {type:'tool', id, name, kind, input, freeform, namespace}

const pieces = (text, size) => {
  const cps = Array.from(text); // by code point, never inside a surrogate pair
  const out = [];
  for (let i = 0; i < cps.length; i += size) out.push(cps.slice(i, i + size).join(''));
  return out.length ? out : [''];
};
const hasTool = (turn) => turn.blocks.some((b) => b.type === 'tool');
const now = () => Math.floor(Date.now() / 1000);

// ---------------------------------------------------------------- Anthropic Messages
export function anthropic(turn, ctx) {
  const stop = turn.stop ?? (hasTool(turn) ? 'tool_use' : 'end_turn');
  const usage = {
    input_tokens: 1200,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: 42,
    ...turn.usage,
  };
  const id = `msg_${ctx.id}`;
  const rec = [];
  const push = (data) => rec.push({ event: data.type, data });
  push({
    type: 'message_start',
    message: {
      id,
      type: 'message',
      role: 'assistant',
      model: ctx.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { ...usage, output_tokens: 1 },
    },
  });
  const content = [];
  turn.blocks.forEach((b, index) => {
    if (b.type === 'thinking') {
      const signature = Buffer.from(`signature of ${id} ${index}`).toString('base64');
      push({
        type: 'content_block_start',
        index,
        content_block: { type: 'thinking', thinking: '', signature: '' },
      });
      for (const t of pieces(b.text, turn.chunk))
        push({
          type: 'content_block_delta',
          index,
          delta: { type: 'thinking_delta', thinking: t },
        });
      push({ type: 'content_block_delta', index, delta: { type: 'signature_delta', signature } });
      content.push({ type: 'thinking', thinking: b.text, signature });
    } else if (b.type === 'text') {
      push({ type: 'content_block_start', index, content_block: { type: 'text', text: '' } });
      for (const t of pieces(b.text, turn.chunk))
        push({ type: 'content_block_delta', index, delta: { type: 'text_delta', text: t } });
      content.push({ type: 'text', text: b.text });
    } else {
      push({
        type: 'content_block_start',
        index,
        content_block: { type: 'tool_use', id: b.id, name: b.name, input: {} },
      });
      for (const t of pieces(JSON.stringify(b.input), turn.chunk))
        push({
          type: 'content_block_delta',
          index,
          delta: { type: 'input_json_delta', partial_json: t },
        });
      content.push({ type: 'tool_use', id: b.id, name: b.name, input: b.input });
    }
    push({ type: 'content_block_stop', index });
  });
  push({
    type: 'message_delta',
    delta: { stop_reason: stop, stop_sequence: null },
    usage: { output_tokens: usage.output_tokens },
  });
  push({ type: 'message_stop' });
  return {
    records: rec,
    body: {
      id,
      type: 'message',
      role: 'assistant',
      model: ctx.model,
      content,
      stop_reason: stop,
      stop_sequence: null,
      usage,
    },
  };
}
anthropic.error = (e) => ({
  event: 'error',
  data: {
    type: 'error',
    error: { type: e.type ?? 'overloaded_error', message: e.message ?? 'Overloaded' },
  },
});
anthropic.httpError = (status, e) => ({
  type: 'error',
  error: { type: e.type ?? httpType(status), message: e.message ?? `scripted ${status}` },
  request_id: 'req_scripted',
});

// ---------------------------------------------------------------- OpenAI Responses
export function responses(turn, ctx) {
  const usage = {
    input_tokens: 1200,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 42,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 1242,
    ...turn.usage,
  };
  const id = `resp_${ctx.id}`;
  const base = {
    id,
    object: 'response',
    created_at: now(),
    status: 'in_progress',
    model: ctx.model,
    output: [],
    parallel_tool_calls: true,
    tools: [],
    usage: null,
  };
  const rec = [];
  let seq = 0;
  const push = (data) => rec.push({ event: data.type, data: { ...data, sequence_number: seq++ } });
  push({ type: 'response.created', response: base });
  push({ type: 'response.in_progress', response: base });
  const output = [];
  turn.blocks.forEach((b, output_index) => {
    const item_id = `${b.type === 'tool' ? 'fc' : b.type === 'thinking' ? 'rs' : 'msg'}_${ctx.id}_${output_index}`;
    let item;
    if (b.type === 'thinking') {
      item = {
        type: 'reasoning',
        id: item_id,
        summary: [],
        encrypted_content: Buffer.from('scripted').toString('base64'),
      };
      push({ type: 'response.output_item.added', output_index, item });
      push({
        type: 'response.reasoning_summary_part.added',
        item_id,
        output_index,
        summary_index: 0,
        part: { type: 'summary_text', text: '' },
      });
      for (const t of pieces(b.text, turn.chunk))
        push({
          type: 'response.reasoning_summary_text.delta',
          item_id,
          output_index,
          summary_index: 0,
          delta: t,
        });
      push({
        type: 'response.reasoning_summary_text.done',
        item_id,
        output_index,
        summary_index: 0,
        text: b.text,
      });
      push({
        type: 'response.reasoning_summary_part.done',
        item_id,
        output_index,
        summary_index: 0,
        part: { type: 'summary_text', text: b.text },
      });
      item = { ...item, summary: [{ type: 'summary_text', text: b.text }] };
    } else if (b.type === 'text') {
      const part = { type: 'output_text', text: '', annotations: [] };
      push({
        type: 'response.output_item.added',
        output_index,
        item: {
          type: 'message',
          id: item_id,
          status: 'in_progress',
          role: 'assistant',
          content: [],
        },
      });
      push({ type: 'response.content_part.added', item_id, output_index, content_index: 0, part });
      for (const t of pieces(b.text, turn.chunk))
        push({
          type: 'response.output_text.delta',
          item_id,
          output_index,
          content_index: 0,
          delta: t,
        });
      push({
        type: 'response.output_text.done',
        item_id,
        output_index,
        content_index: 0,
        text: b.text,
      });
      push({
        type: 'response.content_part.done',
        item_id,
        output_index,
        content_index: 0,
        part: { ...part, text: b.text },
      });
      item = {
        type: 'message',
        id: item_id,
        status: 'completed',
        role: 'assistant',
        content: [{ ...part, text: b.text }],
      };
    } else if (b.kind === 'custom') {
      const input = b.freeform ?? JSON.stringify(b.input);
      item = {
        type: 'custom_tool_call',
        id: item_id,
        call_id: b.id,
        name: b.name,
        input,
        status: 'completed',
        ...(b.namespace ? { namespace: b.namespace } : {}),
      };
      push({
        type: 'response.output_item.added',
        output_index,
        item: { ...item, input: '', status: 'in_progress' },
      });
      for (const t of pieces(input, turn.chunk))
        push({ type: 'response.custom_tool_call_input.delta', item_id, output_index, delta: t });
      push({ type: 'response.custom_tool_call_input.done', item_id, output_index, input });
    } else {
      const args = JSON.stringify(b.input);
      item = {
        type: 'function_call',
        id: item_id,
        call_id: b.id,
        name: b.name,
        arguments: args,
        status: 'completed',
        ...(b.namespace ? { namespace: b.namespace } : {}),
      };
      push({
        type: 'response.output_item.added',
        output_index,
        item: { ...item, arguments: '', status: 'in_progress' },
      });
      for (const t of pieces(args, turn.chunk))
        push({ type: 'response.function_call_arguments.delta', item_id, output_index, delta: t });
      push({
        type: 'response.function_call_arguments.done',
        item_id,
        output_index,
        arguments: args,
      });
    }
    push({ type: 'response.output_item.done', output_index, item });
    output.push(item);
  });
  const length = turn.stop === 'length' || turn.stop === 'max_tokens';
  const done = {
    ...base,
    status: length ? 'incomplete' : 'completed',
    ...(length ? { incomplete_details: { reason: 'max_output_tokens' } } : {}),
    output,
    usage,
  };
  push({ type: length ? 'response.incomplete' : 'response.completed', response: done });
  return { records: rec, body: done };
}
responses.error = (e, ctx) => ({
  event: 'response.failed',
  data: {
    type: 'response.failed',
    response: {
      id: `resp_${ctx.id}`,
      object: 'response',
      status: 'failed',
      error: { code: e.code ?? 'server_error', message: e.message ?? 'Overloaded' },
      output: [],
    },
  },
});
responses.httpError = openaiError;

// ---------------------------------------------------------------- OpenAI Chat Completions
export function chat(turn, ctx) {
  const id = `chatcmpl-${ctx.id}`;
  const finish =
    turn.stop === 'max_tokens' ? 'length' : (turn.stop ?? (hasTool(turn) ? 'tool_calls' : 'stop'));
  const usage = { prompt_tokens: 1200, completion_tokens: 42, total_tokens: 1242, ...turn.usage };
  const rec = [];
  const push = (delta, finish_reason = null) =>
    rec.push({
      data: {
        id,
        object: 'chat.completion.chunk',
        created: now(),
        model: ctx.model,
        choices: [{ index: 0, delta, finish_reason }],
      },
    });
  push({ role: 'assistant', content: '' });
  const message = {
    role: 'assistant',
    content: '',
    reasoning_content: undefined,
    tool_calls: undefined,
  };
  let n = 0;
  for (const b of turn.blocks) {
    if (b.type === 'thinking') {
      for (const t of pieces(b.text, turn.chunk)) push({ reasoning_content: t });
      message.reasoning_content = (message.reasoning_content ?? '') + b.text;
    } else if (b.type === 'text') {
      for (const t of pieces(b.text, turn.chunk)) push({ content: t });
      message.content += b.text;
    } else {
      const index = n++;
      const args = JSON.stringify(b.input);
      push({
        tool_calls: [
          { index, id: b.id, type: 'function', function: { name: b.name, arguments: '' } },
        ],
      });
      for (const t of pieces(args, turn.chunk))
        push({ tool_calls: [{ index, function: { arguments: t } }] });
      (message.tool_calls ??= []).push({
        id: b.id,
        type: 'function',
        function: { name: b.name, arguments: args },
      });
    }
  }
  push({}, finish);
  rec.push({
    data: {
      id,
      object: 'chat.completion.chunk',
      created: now(),
      model: ctx.model,
      choices: [],
      usage,
    },
  });
  rec.push({ data: '[DONE]' });
  return {
    records: rec,
    body: {
      id,
      object: 'chat.completion',
      created: now(),
      model: ctx.model,
      choices: [{ index: 0, message, finish_reason: finish }],
      usage,
    },
  };
}
chat.error = (e) => ({
  data: {
    error: {
      message: e.message ?? 'Overloaded',
      type: e.type ?? 'server_error',
      code: e.code ?? 'overloaded',
    },
  },
});
chat.httpError = openaiError;

// ---------------------------------------------------------------- Gemini generateContent
export function gemini(turn, ctx) {
  const usageMetadata = {
    promptTokenCount: 1200,
    candidatesTokenCount: 42,
    totalTokenCount: 1242,
    ...turn.usage,
  };
  const rec = [];
  const all = [];
  const push = (part, finishReason) => {
    if (part) all.push(part);
    rec.push({
      data: {
        candidates: [
          {
            index: 0,
            content: { role: 'model', parts: part ? [part] : [{ text: '' }] },
            ...(finishReason ? { finishReason } : {}),
          },
        ],
        usageMetadata,
        modelVersion: ctx.model,
        responseId: ctx.id,
      },
    });
  };
  for (const b of turn.blocks) {
    if (b.type === 'thinking')
      for (const t of pieces(b.text, turn.chunk)) push({ text: t, thought: true });
    else if (b.type === 'text') for (const t of pieces(b.text, turn.chunk)) push({ text: t });
    else push({ functionCall: { id: b.id, name: b.name, args: b.input } });
  }
  push(null, turn.stop === 'max_tokens' ? 'MAX_TOKENS' : 'STOP');
  return {
    records: rec,
    body: {
      candidates: [{ index: 0, content: { role: 'model', parts: all }, finishReason: 'STOP' }],
      usageMetadata,
      modelVersion: ctx.model,
      responseId: ctx.id,
    },
  };
}
gemini.error = (e) => ({
  data: { error: { code: 503, message: e.message ?? 'Overloaded', status: 'UNAVAILABLE' } },
});
gemini.httpError = (status, e) => ({
  error: {
    code: status,
    message: e.message ?? `scripted ${status}`,
    status: e.type ?? (status === 429 ? 'RESOURCE_EXHAUSTED' : 'INTERNAL'),
  },
});

function openaiError(status, e) {
  return {
    error: {
      message: e.message ?? `scripted ${status}`,
      type: e.type ?? httpType(status),
      param: null,
      code: e.code ?? null,
    },
  };
}
function httpType(status) {
  return (
    {
      400: 'invalid_request_error',
      401: 'authentication_error',
      403: 'permission_error',
      404: 'not_found_error',
      413: 'request_too_large',
      429: 'rate_limit_error',
      529: 'overloaded_error',
    }[status] ?? 'api_error'
  );
}
