#!/usr/bin/env node
// Scripted model server on loopback. See README.md.
import http from 'node:http';
import fs from 'node:fs';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import * as dialects from './dialects.mjs';
import { offeredTools, resolveTool } from './tools.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const SIDE_TURN = { blocks: [{ type: 'text', text: 'side answer' }] };
const END_TURN = { blocks: [{ type: 'text', text: '(scenario exhausted)' }] };

/** A scenario by object, by file, or by the name of a file in scenarios/. */
export function loadScenario(spec) {
  if (spec && typeof spec === 'object') return spec;
  const tries = [
    spec,
    path.join(HERE, 'scenarios', spec),
    path.join(HERE, 'scenarios', `${spec}.json`),
  ];
  const file = tries.find((f) => fs.existsSync(f) && fs.statSync(f).isFile());
  if (!file) throw new Error(`no scenario "${spec}"`);
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}

function routeOf(method, url) {
  const p = url.split('?')[0].replace(/\/+$/, '') || '/';
  if (p.startsWith('/__control')) return { control: p.slice('/__control'.length) || '/' };
  if (method === 'POST') {
    if (p.endsWith('/messages/count_tokens')) return { dialect: 'anthropic', count: true };
    if (p.endsWith('/messages')) return { dialect: 'anthropic' };
    if (p.endsWith('/chat/completions')) return { dialect: 'chat' };
    if (p.endsWith('/responses')) return { dialect: 'responses' };
    const g = p.match(/\/models\/([^/]+):(\w+)$/);
    if (g)
      return {
        dialect: 'gemini',
        model: decodeURIComponent(g[1]),
        count: g[2] === 'countTokens',
        stream: g[2] === 'streamGenerateContent',
      };
  }
  if (method === 'GET' && p.endsWith('/models')) return { models: true };
  return {};
}

const readBody = (req) =>
  new Promise((resolve, reject) => {
    const chunks = [];
    req.on('data', (c) => chunks.push(c));
    req.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    req.on('error', reject);
  });

/** The text of the request's single message, else undefined. */
function onlyUserText(body) {
  if (body.messages?.length !== 1) return undefined;
  const c = body.messages[0].content;
  return typeof c === 'string' ? c : Array.isArray(c) && c.length === 1 ? c[0].text : undefined;
}

const drained = (res) =>
  new Promise((resolve) => {
    const done = () => {
      res.off('drain', done);
      res.off('close', done);
      resolve();
    };
    res.on('drain', done);
    res.on('close', done);
  });

const subst = (value, vars) =>
  typeof value === 'string'
    ? value.replace(/\{\{(\w+)\}\}/g, (m, k) => (k in vars ? vars[k] : m))
    : Array.isArray(value)
      ? value.map((v) => subst(v, vars))
      : value && typeof value === 'object'
        ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, subst(v, vars)]))
        : value;

/**
 * Start the server.
 * @param {{scenario?: string|object, port?: number, host?: string, vars?: Record<string,string>, log?: string}} [options]
 * @returns {Promise<{url: string, port: number, requests: object[], turnsServed: () => number, setScenario: (s: string|object) => void, close: () => Promise<void>}>}
 */
export async function startModelServer(options = {}) {
  const { port = 0, host = '127.0.0.1', log } = options;
  let vars = { ...(options.vars ?? {}) };
  let scenario = loadScenario(options.scenario ?? 'plain-text');
  let cursor = 0; // next scripted turn
  let faultsLeft = new Map(); // turn index -> how often its http fault is still to fire
  let serial = 0;
  const requests = [];
  const sockets = new Set();

  const setScenario = (s, v) => {
    scenario = loadScenario(s);
    if (v) vars = { ...vars, ...v };
    cursor = 0;
    faultsLeft = new Map();
    requests.length = 0;
  };
  const write = (line) => log && fs.appendFileSync(log, `${JSON.stringify(line)}\n`);

  function isSide(dialect, body, offered) {
    const mode = scenario.side ?? 'no-tools'; // which requests do not consume a scripted turn
    if (mode === 'never') return false;
    if (offered.length === 0) return true;
    const texts = scenario.sideTexts ?? ['Warmup']; // e.g. Claude Code 2.0.x warms its sub-agents up with tools on
    return texts.includes(onlyUserText(body));
  }

  function build(dialect, turn, body, model) {
    const t = subst(turn, vars);
    const offered = offeredTools(dialect, body);
    const blocks = [];
    for (const b of t.blocks ?? []) {
      if (b.type === 'tool')
        blocks.push({
          type: 'tool',
          id:
            b.id ??
            `${dialect === 'anthropic' ? 'toolu' : 'call'}_${randomBytes(9).toString('hex')}`,
          ...resolveTool(b, offered),
        });
      else
        blocks.push({
          type: b.type,
          text: b.repeat ? b.repeat.text.repeat(b.repeat.times) : (b.text ?? ''),
        });
    }
    return { ...t, blocks, chunk: t.chunk ?? scenario.chunk ?? 12 };
  }

  async function answer(req, res, route) {
    const raw = await readBody(req);
    let body = {};
    try {
      body = raw ? JSON.parse(raw) : {};
    } catch {
      /* left empty */
    }
    const { dialect } = route;
    const model = route.model ?? body.model ?? 'scripted';
    const entry = {
      n: ++serial,
      at: Date.now(),
      method: req.method,
      url: req.url,
      dialect,
      model,
      headers: redact(req.headers),
      body,
    };
    requests.push(entry);

    if (route.count) {
      entry.kind = 'count';
      write({ ...entry });
      return json(res, 200, dialect === 'gemini' ? { totalTokens: 1200 } : { input_tokens: 1200 });
    }
    const offered = offeredTools(dialect, body);
    const side = isSide(dialect, body, offered);
    const index = cursor;
    const turn = side
      ? (scenario.sideTurn ?? SIDE_TURN)
      : (scenario.turns[index] ?? scenario.after ?? END_TURN);
    entry.kind = side ? 'side' : 'turn';
    entry.turn = side ? null : index;
    write({ ...entry });

    const gen = dialects[dialect];
    const fault = turn.fault;
    if (fault?.kind === 'http') {
      const left = faultsLeft.get(index) ?? fault.times ?? 1;
      if (left > 0) {
        faultsLeft.set(index, left - 1);
        if (left - 1 === 0 && !turn.blocks) cursor++;
        return json(
          res,
          fault.status,
          fault.body ?? gen.httpError(fault.status, fault),
          fault.headers,
        );
      }
    }
    if (!side) cursor++;
    if (fault?.kind === 'refuse') return req.socket.destroy();
    if (fault?.kind === 'hang') return; // never answers; the client or close() ends it
    if (turn.waitMs) await sleep(turn.waitMs);

    const ctx = {
      id: `${String(serial).padStart(4, '0')}${randomBytes(6).toString('hex')}`,
      model,
    };
    const built = build(dialect, turn, body, model);
    const { records, body: full } = gen(built, ctx);
    const streaming = route.stream ?? (dialect === 'gemini' ? false : body.stream === true);
    if (!streaming) {
      // Clients fall back to non-streaming after broken streams: the fault holds there too, unless streamOnly.
      if (fault && !fault.streamOnly && ['disconnect', 'truncate'].includes(fault.kind))
        return req.socket.destroy();
      if (fault && !fault.streamOnly && fault.kind === 'sse_error')
        return json(res, 529, gen.httpError(529, fault));
      return json(res, 200, full, turn.headers);
    }

    res.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'request-id': `req_${ctx.id}`,
      ...(turn.headers ?? {}),
    });
    let alive = true;
    res.on('close', () => {
      alive = false;
      entry.clientClosedEarly = !res.writableEnded;
    });
    const delay = turn.delayMs ?? 0;
    const put = async (text) => {
      if (!alive) return;
      const bytes = Buffer.from(text, 'utf8');
      if (turn.writeBytes) {
        // cut anywhere, also inside a multi-byte character
        for (let i = 0; i < bytes.length && alive; i += turn.writeBytes) {
          res.write(bytes.subarray(i, i + turn.writeBytes));
          await sleep(1);
        }
      } else if (!res.write(bytes)) await drained(res);
    };
    const frame = (r) =>
      `${r.event ? `event: ${r.event}\n` : ''}data: ${typeof r.data === 'string' ? r.data : JSON.stringify(r.data)}\n\n`;
    for (let i = 0; i < records.length && alive; i++) {
      if (fault && i === (fault.afterEvents ?? Infinity)) {
        if (fault.kind === 'disconnect') {
          await sleep(20);
          return res.destroy();
        }
        if (fault.kind === 'truncate') return res.end(); // clean end of body without the closing event
        if (fault.kind === 'sse_error') {
          await put(frame(gen.error(fault, ctx)));
          return res.end();
        }
        if (fault.kind === 'malformed')
          await put(
            fault.text ??
              `event: ${records[i].event ?? 'message'}\ndata: {"type":"broken", "x": [1,\n\n`,
          );
        if (fault.kind === 'stall') {
          await put(': stalled\n\n');
          await sleep(fault.ms ?? 600000);
        }
        if (fault.kind === 'comment') await put(': keep-alive\n\n');
      }
      await put(frame(records[i]));
      if (delay) await sleep(delay);
    }
    if (alive) res.end();
  }

  const server = http.createServer((req, res) => {
    const route = routeOf(req.method, req.url);
    const fail = (e) => {
      if (!res.headersSent) json(res, 500, { error: { message: String(e?.stack ?? e) } });
      else res.destroy();
    };
    if (route.control !== undefined) return control(req, res, route.control).catch(fail);
    if (route.dialect) return answer(req, res, route).catch(fail);
    if (route.models)
      return json(res, 200, {
        object: 'list',
        data: (scenario.models ?? ['scripted']).map((id) => ({
          id,
          object: 'model',
          owned_by: 'scripted',
          type: 'model',
          display_name: id,
        })),
        has_more: false,
      });
    if (req.method === 'HEAD' || req.url === '/') return json(res, 200, { ok: true });
    readBody(req).then((raw) => {
      const entry = {
        n: ++serial,
        at: Date.now(),
        method: req.method,
        url: req.url,
        kind: 'unknown',
        headers: redact(req.headers),
        raw: raw.slice(0, 2000),
      };
      requests.push(entry);
      write(entry);
      json(res, 404, { error: { message: `no such route: ${req.method} ${req.url}` } });
    }, fail);
  });
  server.on('connection', (s) => {
    sockets.add(s);
    s.on('close', () => sockets.delete(s));
  });

  async function control(req, res, p) {
    if (p === '/health') return json(res, 200, { ok: true, scenario: scenario.name, cursor });
    if (p === '/requests') return json(res, 200, requests);
    if (p === '/scenario' && req.method === 'POST') {
      const { scenario: s, vars: v } = JSON.parse(await readBody(req));
      setScenario(s, v);
      return json(res, 200, { ok: true, scenario: scenario.name });
    }
    return json(res, 404, { error: 'unknown control path' });
  }

  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const at = server.address().port;
  return {
    url: `http://${host}:${at}`,
    port: at,
    requests,
    turnsServed: () => cursor,
    setScenario,
    close: () =>
      new Promise((resolve) => {
        for (const s of sockets) s.destroy();
        server.close(() => resolve());
      }),
  };
}

function json(res, status, body, headers = {}) {
  const text = JSON.stringify(body);
  res.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  res.end(text);
}
function redact(headers) {
  const h = { ...headers };
  for (const k of ['authorization', 'x-api-key', 'x-goog-api-key']) if (h[k]) h[k] = '<redacted>';
  return h;
}

// ---------------------------------------------------------------- command line
if (process.argv[1] && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) {
  const opt = { vars: {} };
  const argv = process.argv.slice(2);
  for (let i = 0; i < argv.length; i++) {
    const a = argv[i];
    if (a === '--scenario') opt.scenario = argv[++i];
    else if (a === '--port') opt.port = Number(argv[++i]);
    else if (a === '--log') opt.log = argv[++i];
    else if (a === '--var') {
      const [k, ...v] = argv[++i].split('=');
      opt.vars[k] = v.join('=');
    } else if (a === '--list') {
      for (const f of fs.readdirSync(path.join(HERE, 'scenarios')).sort()) {
        const s = loadScenario(f);
        console.log(`${f.replace(/\.json$/, '').padEnd(28)} ${s.description ?? ''}`);
      }
      process.exit(0);
    } else {
      console.error(
        'usage: server.mjs [--scenario NAME|FILE] [--port N] [--log FILE] [--var k=v] [--list]',
      );
      process.exit(2);
    }
  }
  const s = await startModelServer(opt);
  console.log(JSON.stringify({ url: s.url, port: s.port }));
  for (const sig of ['SIGINT', 'SIGTERM'])
    process.on(sig, () => s.close().then(() => process.exit(0)));
}
