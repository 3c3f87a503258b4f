import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { isNumber, isRecord, stringField } from '../base/guard';
import { errorMessage } from '../base/patchbayError';
import { checkViewMessage } from '../protocol/guards';
import { checkHostMessage, type CheckedHostMessage } from '../protocol/hostMessageGuard';
import type { HostMessage, ViewMessage } from '../protocol/methods';
import { StandInHost } from './webviewHost';
import { frameScript, outerPage, outerScript, panelPage, standInThemes } from './webviewPages';
import { toRenderRequest, type RenderRequest } from './webviewRender';
import { answerView } from './webviewAnswers';
import { readBody, refusalOf, RequestProblem, tokenIn, type Refusal } from './webviewRequest';

export interface WebviewServerOptions {
  /** 0: any free one. */
  readonly port: number;
  /** The built panel. */
  readonly webviewFolder: string;
  /** Themes and default styles as the editor gives them. */
  readonly editorFolder: string;
}

export interface WebviewServer {
  /** The outer page, token included. */
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

const host = '127.0.0.1';
const paintDeadlineMs = 60_000;
const maxPosted = 10_000;
const maxPages = 8;

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.ttf': 'font/ttf',
};

interface Page {
  readonly id: string;
  readonly stream: ServerResponse;
}

/**
 * Serves the real panel to a plain browser, with a page around it that stands in for the editor. Listens on the loopback
 * address only; every request needs the token, in the path or as a bearer; a request in another host's name or from
 * another origin is refused, and no answer may be read by another origin.
 */
export async function serveWebview(options: WebviewServerOptions): Promise<WebviewServer> {
  const stand = new StandIn(options, randomBytes(24).toString('base64url'));
  await stand.listen();
  return stand;
}

class StandIn implements WebviewServer {
  private readonly host = new StandInHost();
  private readonly server: Server;
  private readonly pages = new Map<string, Page>();
  private readonly painting = new Map<string, (isShown: boolean) => void>();
  /** What the panel has said, for whoever looks on. */
  private readonly posted: ViewMessage[] = [];
  /** Two renders at once would mix their numbers. */
  private rendering: Promise<unknown> = Promise.resolve();
  private port = 0;

  constructor(
    private readonly options: WebviewServerOptions,
    readonly token: string,
  ) {
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  get url(): string {
    return `${this.origin}/${this.token}/`;
  }

  private get origin(): string {
    return `http://${host}:${this.port}`;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.options.port, host, resolve);
    });
    const address = this.server.address();
    this.port = isRecord(address) && isNumber(address.port) ? address.port : 0;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const refusal = refusalOf(request, this.port, this.token);
      if (refusal !== undefined) {
        // What the refused one still sends is not read.
        response.shouldKeepAlive = false;
        refuse(response, refusal);
        return;
      }
      await this.route(request, response);
    } catch (error) {
      refuse(
        response,
        error instanceof RequestProblem
          ? error
          : { status: 500, message: `The stand-in failed: ${errorMessage(error)}` },
      );
    }
  }

  private async route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = request.url ?? '/';
    // `//name` would be another host, and some of them are no address at all.
    if (asked.startsWith('//') || !URL.canParse(asked, this.origin)) {
      throw new RequestProblem(400, 'The address of the request is no path.');
    }
    const url = new URL(asked, this.origin);
    const path = url.pathname
      .replace(/^\/+/, '')
      .replace(tokenIn(url.pathname) === this.token ? /^[^/]+\/*/ : /^$/, '');
    if (url.pathname === `/${this.token}`) {
      // The page's own addresses are relative to its folder.
      response.writeHead(308, { ...headers, location: this.url }).end();
      return;
    }
    const theme = standInThemes.find((name) => name === url.searchParams.get('theme')) ?? 'dark';
    switch (`${request.method ?? ''} ${path}`) {
      case 'GET ':
        send(response, 'text/html; charset=utf-8', outerPage(newNonce(), theme));
        return;
      case 'GET panel':
        send(response, 'text/html; charset=utf-8', panelPage(newNonce(), this.url, theme));
        return;
      case 'GET outer.js':
        send(response, types['.js'], outerScript);
        return;
      case 'GET webview/editor/frame.js':
        send(response, types['.js'], frameScript);
        return;
      case 'GET events':
        this.openPage(response);
        return;
      case 'GET posted':
        sendJson(response, this.posted);
        return;
      case 'POST message':
        this.fromPage(await readBody(request));
        response.writeHead(204).end();
        return;
      case 'POST state':
        sendJson(response, this.toState(await readBody(request)));
        return;
      case 'POST render':
        sendJson(response, await this.toRender(await readBody(request)));
        return;
      default:
        this.sendFile(request, response, path);
    }
  }

  private sendFile(request: IncomingMessage, response: ServerResponse, path: string): void {
    if (['state', 'render', 'message', 'events', 'posted', 'panel', ''].includes(path)) {
      throw new RequestProblem(405, `${request.method ?? ''} is not for /${path}.`);
    }
    const editor = 'webview/editor/';
    const [folder, name] = path.startsWith(editor)
      ? [this.options.editorFolder, path.slice(editor.length)]
      : [this.options.webviewFolder, path.replace(/^webview\//, '')];
    const type = types[extname(name)];
    const file = join(folder, name);
    if (
      request.method !== 'GET' ||
      !path.startsWith('webview/') ||
      type === undefined ||
      // Plain names below the two folders and nothing else.
      !/^(?:themes\/)?[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(name) ||
      !existsSync(file) ||
      !statSync(file).isFile()
    ) {
      throw new RequestProblem(404, 'There is nothing here.');
    }
    send(response, type, readFileSync(file));
  }

  // ---------------------------------------------------------------- pages

  private openPage(response: ServerResponse): void {
    if (this.pages.size >= maxPages) {
      throw new RequestProblem(429, `At most ${maxPages} pages at once.`);
    }
    const page: Page = { id: randomBytes(8).toString('hex'), stream: response };
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' });
    this.pages.set(page.id, page);
    response.once('close', () => this.pages.delete(page.id));
    tellPage(page, { hello: page.id });
  }

  private fromPage(body: unknown): void {
    const page = this.pages.get(stringField(body, 'page') ?? '');
    const message = isRecord(body) ? body.message : undefined;
    if (page === undefined) {
      throw new RequestProblem(409, 'This page has no open stream of events.');
    }
    if (isRecord(message) && message.__standIn === 'painted') {
      this.painting.get(stringField(message, 'id') ?? '')?.(message.isShown === true);
      return;
    }
    const checked = checkViewMessage(message);
    if (!checked.ok) {
      throw new RequestProblem(400, `The panel's message is malformed: ${checked.problem}`);
    }
    const said = checked.message;
    this.posted.push(said);
    this.posted.splice(0, Math.max(0, this.posted.length - maxPosted));
    if (said.type === 'request') {
      tellPage(page, { messages: [answerView(said, this.host)] });
    } else if (said.method === 'view/ready') {
      tellPage(page, { messages: this.host.greeting() });
    } else if (said.method === 'view/resync') {
      tellPage(page, { messages: [this.host.snapshot()] });
    } else if (said.method === 'view/draft') {
      this.host.draft(said.params.text);
    } else if (said.method === 'view/draftPictures') {
      this.host.changePictures(said.params);
    }
  }

  private tellAll(message: unknown): void {
    for (const page of this.pages.values()) {
      tellPage(page, message);
    }
  }

  // ---------------------------------------------------------------- what comes from outside

  private toState(body: unknown): unknown {
    if (!Array.isArray(body)) {
      throw new RequestProblem(400, 'The body must be a JSON array of host messages.');
    }
    const messages: CheckedHostMessage[] = [];
    for (const [index, value] of body.entries()) {
      const checked = checkHostMessage(value);
      if (!checked.ok) {
        throw new RequestProblem(
          400,
          `Message ${index} is no host message: ${checked.problem}. None was taken.`,
        );
      }
      messages.push(checked.message);
    }
    this.tellAll({ messages: messages.map((message) => this.host.accept(message)) });
    return { accepted: messages.length, pages: this.pages.size };
  }

  private async toRender(body: unknown): Promise<unknown> {
    const request = toRenderRequest(body);
    if (typeof request === 'string') {
      throw new RequestProblem(400, request);
    }
    const turn = this.rendering.then(() => this.render(request));
    this.rendering = turn.catch(() => undefined); // whoever asked for it hears of it
    return turn;
  }

  /** Streams the text into every open page. `shown`: it stands in the page, painted; false without a page. */
  private async render(request: RenderRequest): Promise<unknown> {
    const { id, sink } = request;
    const isOpened = sink === 'thinking' || sink === 'tool-output' || sink === 'error';
    const messages: HostMessage[] = [...this.host.render(request)];
    if (this.pages.size === 0) {
      return { id, sink, deltas: request.deltas.length, shown: false };
    }
    if (isOpened) {
      // As soon as there is something to open, so that it is seen while it grows.
      const opened = this.whenPainted(id);
      this.tellAll({ messages: messages.splice(0, 4), settle: { id, isOpened } });
      await opened;
    }
    const painted = this.whenPainted(id);
    this.tellAll({ messages, settle: { id, isOpened }, isPaced: request.pace === 'frame' });
    return { id, sink, deltas: request.deltas.length, shown: await painted };
  }

  private whenPainted(id: string): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (isShown: boolean): void => {
        clearTimeout(timer);
        this.painting.delete(id);
        resolve(isShown);
      };
      const timer = setTimeout(() => done(false), paintDeadlineMs);
      this.painting.set(id, done);
    });
  }
}

const headers = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const;

function tellPage(page: Page, message: unknown): void {
  page.stream.write(`data: ${JSON.stringify(message)}\n\n`);
}

function send(response: ServerResponse, type: string | undefined, body: string | Buffer): void {
  response.writeHead(200, { ...headers, 'content-type': type ?? 'application/octet-stream' });
  response.end(body);
}

function sendJson(response: ServerResponse, value: unknown): void {
  send(response, 'application/json; charset=utf-8', JSON.stringify(value));
}

function refuse(response: ServerResponse, { status, message }: Refusal): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
  });
  response.end(JSON.stringify({ error: message }));
}

function newNonce(): string {
  return randomBytes(16).toString('hex');
}
