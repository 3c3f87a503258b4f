import { arrayField, isJsonObject, isRecord, recordField, stringField } from '../../base/guard';
import type { JsonObject } from '../../base/json';

/** How long the answers are waited for. A server that does not know these requests may not answer at all. */
export const preparationMs = 2_000;

/** What is asked before a thread begins, by method. */
type Read = 'skills/list' | 'config/read';

/**
 * What has to be known before a thread begins, so that nothing comes into it that nobody decided about. The folder's own
 * skills load even when the folder is not trusted (seen with 0.169.0): they are switched off one by one. What the user's
 * configuration trusts is taken back for this thread under each of its names, because Codex compares real paths and the
 * folder may have been opened through a link. With our tools, the user's MCP servers are switched off as well: their tools
 * would run behind the gate's back.
 */
export class CodexPreparation {
  private readonly open = new Set<Read>(['skills/list', 'config/read']);
  private folderSkills: readonly string[] = [];
  private skillSettings: readonly JsonObject[] = [];
  private trustedFolders: readonly string[] = [];
  private servers: readonly string[] | undefined;

  constructor(
    private readonly options: { readonly cwd: string | undefined; readonly isOurTools: boolean },
  ) {}

  requests(): readonly { readonly method: Read; readonly params: JsonObject }[] {
    const { cwd } = this.options;
    return [
      { method: 'skills/list', params: cwd === undefined ? {} : { cwds: [cwd] } },
      { method: 'config/read', params: {} },
    ];
  }

  /** An answer, or undefined for an error. True: that was the last one. */
  accept(method: string, result: unknown): boolean {
    if (method === 'skills/list' && this.open.delete(method)) {
      this.folderSkills = (arrayField(result, 'data') ?? [])
        .flatMap((entry) => arrayField(entry, 'skills') ?? [])
        .flatMap((skill) => {
          const path = stringField(skill, 'path');
          return path === undefined || stringField(skill, 'scope') !== 'repo' ? [] : [path];
        });
    } else if (method === 'config/read' && this.open.delete(method)) {
      const config = recordField(result, 'config');
      this.skillSettings = (arrayField(recordField(config, 'skills'), 'config') ?? []).filter(
        (entry) => isJsonObject(entry),
      );
      this.trustedFolders = Object.keys(recordField(config, 'projects') ?? {});
      const servers = config?.mcp_servers;
      this.servers = isRecord(servers)
        ? Object.keys(servers)
        : config === undefined
          ? undefined
          : [];
    } else {
      return false;
    }
    return this.open.size === 0;
  }

  /** False: our tools would not be the only ones. */
  get isSafe(): boolean {
    return !this.options.isOurTools || this.servers !== undefined;
  }

  /** The `config` of the thread; undefined: nothing to change. */
  threadConfig(): JsonObject | undefined {
    const servers = this.options.isOurTools ? (this.servers ?? []) : [];
    const config: JsonObject = {
      ...(this.folderSkills.length === 0
        ? {}
        : {
            skills: {
              config: [
                ...this.skillSettings,
                ...this.folderSkills.map((path) => ({ path, enabled: false })),
              ],
            },
          }),
      ...(this.trustedFolders.length === 0
        ? {}
        : {
            projects: Object.fromEntries(
              this.trustedFolders.map((path) => [path, { trust_level: 'untrusted' }]),
            ),
          }),
      ...(servers.length === 0
        ? {}
        : {
            mcp_servers: Object.fromEntries(servers.map((name) => [name, { enabled: false }])),
          }),
    };
    return Object.keys(config).length === 0 ? undefined : config;
  }
}
