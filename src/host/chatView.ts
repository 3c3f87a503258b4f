import * as vscode from 'vscode';
import type { Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter } from '../base/emitter';
import type { Logger } from '../base/logger';
import type { HostMessage, Notifications } from '../protocol/methods';
import { renderShell, type ShellOptions } from '../protocol/shell';
import { chatViewId } from './frontDoor';
import { PanelFeed, type ViewRequestMethod } from './panelFeed';
import { PanelRpc } from './panelRpc';
import type { DraftPictureStore, DraftStore, PanelSource } from './panelSource';

export interface ChatViewOptions {
  readonly extensionUri: vscode.Uri;
  readonly source: PanelSource;
  readonly draft: DraftStore;
  readonly pictures: DraftPictureStore;
  readonly clock: Clock;
  /** Takes secrets out of what the panel is told about an error. */
  readonly redact: (text: string) => string;
  readonly log: Logger;
}

/** The view in the side bar. Its page may die and come back at any time; nothing durable lives in it. */
export class ChatView implements vscode.WebviewViewProvider, Disposable {
  private readonly store = new DisposableStore();
  private readonly didChangeVisibility = this.store.add(new Emitter<boolean>());
  readonly onDidChangeVisibility = this.didChangeVisibility.event;
  private view: vscode.WebviewView | undefined;
  private page: DisposableStore | undefined;
  private feed: PanelFeed | undefined;
  /** Requests made before there was a view. */
  private waiting: ((feed: PanelFeed) => void)[] = [];

  constructor(private readonly options: ChatViewOptions) {
    this.store.add(options.source.onDidChangePrompts(() => this.showBadge()));
    this.store.add(options.source.onDidChangeEdits(() => this.showBadge()));
    // It counts the questions of the session that is shown.
    this.store.add(options.source.onDidReplaceSession(() => this.showBadge()));
  }

  get isVisible(): boolean {
    return this.view?.visible === true;
  }

  /** Brings the view to the front; with `preserveFocus` the user's typing stays where it is. */
  async show(preserveFocus = false): Promise<void> {
    if (this.view === undefined) {
      await vscode.commands.executeCommand(`${chatViewId}.focus`, { preserveFocus });
      return;
    }
    this.view.show(preserveFocus);
  }

  /** Asks the page to do something; kept until it is there. */
  request<M extends ViewRequestMethod>(method: M, params: Notifications[M]): void {
    if (this.feed === undefined) {
      this.waiting.push((feed) => feed.request(method, params));
    } else {
      this.feed.request(method, params);
    }
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.page?.dispose();
    const page = new DisposableStore();
    this.page = page;
    this.view = view;
    const { source, clock, draft, pictures, redact, log } = this.options;
    const post = (message: HostMessage): void => void view.webview.postMessage(message);
    const feed = page.add(new PanelFeed({ source, clock, draft, pictures, post }));
    const rpc = page.add(
      new PanelRpc({
        post,
        redact,
        log,
        requests: source.requests,
        commands: {
          ...source.commands,
          'view/ready': ({ anchorId }) => feed.ready(anchorId),
          'view/resync': ({ anchorId }) => feed.snapshot(anchorId),
          'view/draft': ({ text }) => draft.write(text),
          'view/draftPictures': (change) => pictures.change(change),
        },
      }),
    );
    page.add(view.webview.onDidReceiveMessage((message: unknown) => rpc.accept(message)));
    page.add(
      view.onDidChangeVisibility(() => {
        if (!view.visible) {
          feed.hidden();
        }
        this.didChangeVisibility.fire(view.visible);
      }),
    );
    page.add(view.onDidDispose(() => this.forget(page)));
    this.feed = feed;
    for (const ask of this.waiting.splice(0)) {
      ask(feed);
    }
    const root = this.options.extensionUri;
    view.webview.options = {
      enableScripts: true,
      enableForms: false,
      enableCommandUris: false,
      localResourceRoots: [
        vscode.Uri.joinPath(root, 'dist', 'webview'),
        vscode.Uri.joinPath(root, 'media'),
      ],
    };
    view.webview.html = renderShell(this.shellOptions(view.webview));
    this.showBadge();
    this.didChangeVisibility.fire(view.visible);
  }

  dispose(): void {
    this.page?.dispose();
    this.store.dispose();
  }

  private forget(page: DisposableStore): void {
    page.dispose();
    if (this.page === page) {
      this.page = undefined;
      this.view = undefined;
      this.feed = undefined;
      this.didChangeVisibility.fire(false);
    }
  }

  private shellOptions(webview: vscode.Webview): ShellOptions {
    const file = (name: string): string =>
      webview
        .asWebviewUri(vscode.Uri.joinPath(this.options.extensionUri, 'dist', 'webview', name))
        .toString();
    return {
      nonce: globalThis.crypto.randomUUID().replaceAll('-', ''),
      cspSource: webview.cspSource,
      scriptUri: file('main.js'),
      styleUri: file('styles.css'),
      codiconUri: file('codicon.css'),
      lang: vscode.env.language,
    };
  }

  private showBadge(): void {
    if (this.view === undefined) {
      return;
    }
    // Edits are counted by the view that lists them; the editor adds both up on the icon.
    const waiting = this.options.source.content().prompts.length;
    this.view.badge =
      waiting === 0
        ? undefined
        : {
            value: waiting,
            tooltip: `${waiting} ${waiting === 1 ? 'question' : 'questions'} for you`,
          };
  }
}
