import { describe, expect, it } from 'vitest';
import { ReadPace, type PaceClock } from '../../webview/readPace';

/** A page of which one knows how long each reading takes. */
class Page implements PaceClock {
  now = 0;
  private timer: { readonly atMs: number; readonly run: () => void } | undefined;

  nowMs(): number {
    return this.now;
  }

  after(delayMs: number, run: () => void): { cancel(): void } {
    const timer = { atMs: this.now + delayMs, run };
    this.timer = timer;
    return {
      cancel: () => {
        this.timer = this.timer === timer ? undefined : this.timer;
      },
    };
  }

  advance(ms: number): void {
    const until = this.now + ms;
    const { timer } = this;
    if (timer !== undefined && timer.atMs <= until) {
      this.timer = undefined;
      this.now = timer.atMs;
      timer.run();
    }
    this.now = Math.max(this.now, until);
  }
}

describe('the pace of reading', () => {
  it('reads each change at once while that is cheap', () => {
    const page = new Page();
    const pace = new ReadPace(page);
    const read: number[] = [];
    for (let i = 0; i < 5; i++) {
      pace.request(() => {
        read.push(i);
        page.now += 2;
      });
    }
    expect(read).toEqual([0, 1, 2, 3, 4]);
  });

  it('leaves most of the time to the page when a reading is dear, and still shows the last state', () => {
    const page = new Page();
    const pace = new ReadPace(page);
    const read: number[] = [];
    let busyMs = 0;
    for (let i = 0; i < 600; i++) {
      pace.request(() => {
        read.push(i);
        page.now += 100;
        busyMs += 100;
      });
      page.advance(16);
    }
    expect(busyMs).toBeLessThan(page.now / 8);
    expect(read.length).toBeGreaterThan(5);
    page.advance(1000);
    expect(read.at(-1)).toBe(599);
  });

  it('forgets what waits when it is cancelled', () => {
    const page = new Page();
    const pace = new ReadPace(page);
    let reads = 0;
    const read = (): void => {
      reads += 1;
      page.now += 100;
    };
    pace.request(read);
    pace.request(read);
    pace.cancel();
    page.advance(10_000);
    expect(reads).toBe(1);
  });

  it('rests after a reading that failed as well', () => {
    const page = new Page();
    const pace = new ReadPace(page);
    let reads = 0;
    expect(() =>
      pace.request(() => {
        page.now += 100;
        throw new Error('unreadable');
      }),
    ).toThrow('unreadable');
    pace.request(() => (reads += 1));
    expect(reads).toBe(0);
    page.advance(800);
    expect(reads).toBe(1);
  });
});
