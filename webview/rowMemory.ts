import { Emitter } from '../src/base/emitter';
import { RecentTexts } from './recentTexts';

/** What a row of the list knows beyond its item (opened, half-typed words): rows leave the page when scrolled away. */
export class RowMemory {
  readonly flags = new Map<string, boolean>();
  readonly texts = new RecentTexts();
  /** The user is about to make a row longer or shorter: what they look at must stay where it is. */
  readonly unfolds = new Emitter<void>();
  private sessionId = '';

  /** The items of a restored session have the ids that those of any other have: nothing is known of another one. */
  show(sessionId: string): void {
    if (sessionId !== this.sessionId) {
      this.sessionId = sessionId;
      this.flags.clear();
      this.texts.clear();
    }
  }
}
