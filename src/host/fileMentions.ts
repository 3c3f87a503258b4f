import type { Clock } from '../base/clock';
import { createPathPicker, type PathPicker } from '../base/pathPicker';

/** A folder of the workspace; `name` is set when there are several, and begins its files' paths then. */
export interface MentionFolder {
  readonly path: string;
  readonly name?: string;
}

export interface FileMentionsDeps {
  readonly folders: () => readonly MentionFolder[];
  readonly listFiles: (options: {
    readonly folder: string;
    readonly pattern: string;
    readonly maxResults: number;
    readonly signal: AbortSignal;
  }) => Promise<{ readonly paths: readonly string[] }>;
  readonly clock: Pick<Clock, 'nowMs'>;
}

const maxFiles = 200_000;
const maxShown = 20;
/** The list of files is read again after this time, when it is asked for. Until it is there the old one answers. */
const freshMs = 15_000;

/** The workspace's files by a few letters, for `@` in the composer. The list is read when it is first asked for. */
export class FileMentions {
  private picker: PathPicker | undefined;
  private readAtMs = -Infinity;
  private reading: Promise<void> | undefined;

  constructor(private readonly deps: FileMentionsDeps) {}

  /** The best paths, best first. Rejects when the files cannot be listed and never were. */
  async find(query: string): Promise<readonly string[]> {
    const isOld = this.deps.clock.nowMs() - this.readAtMs > freshMs;
    if (isOld) {
      this.reading ??= this.read().finally(() => {
        this.reading = undefined;
      });
      if (this.picker === undefined) {
        await this.reading;
      } else {
        // The old list is shown; the next key sees the new one, or tries again.
        this.reading.catch(() => undefined);
      }
    }
    return this.picker?.find(query, maxShown) ?? [];
  }

  private async read(): Promise<void> {
    const { signal } = new AbortController();
    const lists = await Promise.all(
      this.deps.folders().map(async ({ path, name }) => {
        const { paths } = await this.deps.listFiles({
          folder: path,
          pattern: '**/*',
          maxResults: maxFiles,
          signal,
        });
        return name === undefined ? paths : paths.map((below) => `${name}/${below}`);
      }),
    );
    this.picker = createPathPicker(lists.flat());
    this.readAtMs = this.deps.clock.nowMs();
  }
}
