import { arrayField, recordField, stringField } from '../../base/guard';
import type { ExchangeParserContext } from '../contract';
import { acpQuirks, recogniseAgent, type AcpAgentKind, type AcpQuirks } from './acpProfiles';
import type { AcpSettings } from './acpSession';

const childNote = 'acp.child';

/** What is known of one running agent from one exchange to the next. */
export class AcpChild {
  sessionId: string | undefined;
  /** False for a session that was taken up again: what it cost before is not known. */
  isNewSession = false;
  settings: AcpSettings = {};
  /** The agent's own model and mode, as they were when the session came up. */
  startModel: string | undefined;
  startMode: string | undefined;
  version: string | undefined;
  name: string | undefined;
  canLoad = false;
  canResume = false;
  takesImages = false;
  takesFolders = false;
  /** It has asked which tools of ours there are. */
  knowsOurTools = false;
  /** How to sign in, in the agent's own words. */
  loginHint = '';

  private constructor(public kind: AcpAgentKind) {}

  static of(notes: ExchangeParserContext['notes'], kind: AcpAgentKind): AcpChild {
    const known = notes.get(childNote);
    if (known instanceof AcpChild) {
      return known;
    }
    const fresh = new AcpChild(kind);
    notes.set(childNote, fresh);
    return fresh;
  }

  get quirks(): AcpQuirks {
    return acpQuirks(this.kind);
  }

  /** The answer to `initialize`. */
  introduce(result: unknown): void {
    const recognised = recogniseAgent(result);
    this.kind = recognised === 'other' ? this.kind : recognised;
    const info = recordField(result, 'agentInfo');
    this.version = stringField(info, 'version');
    this.name = stringField(info, 'title') ?? stringField(info, 'name');
    const capabilities = recordField(result, 'agentCapabilities');
    const session = recordField(capabilities, 'sessionCapabilities');
    this.canLoad = capabilities?.loadSession === true;
    this.canResume = recordField(session, 'resume') !== undefined;
    this.takesFolders = recordField(session, 'additionalDirectories') !== undefined;
    this.takesImages = recordField(capabilities, 'promptCapabilities')?.image === true;
    this.loginHint = (arrayField(result, 'authMethods') ?? [])
      .flatMap((method) => stringField(method, 'description') ?? stringField(method, 'name') ?? [])
      .slice(0, 3)
      .join('; ');
  }

  begin(sessionId: string, settings: AcpSettings, isNew: boolean): void {
    this.sessionId = sessionId;
    this.isNewSession = isNew;
    this.settings = settings;
    this.startModel = settings.model?.current;
    this.startMode = settings.mode?.current;
  }
}
