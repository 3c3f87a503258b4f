import type { DecodeSingleBytes } from './decodeBytes';

/**
 * Gathers ASCII text as bytes, piece by piece, for one text after the other. The bytes lie outside of the heap, and Node
 * keeps a text that is made of very many of them there too: in the heap, all pieces of a text of megabytes would go from
 * one generation to the next, and make the first one grow for good.
 *
 * The memory stays for the next text until `release`: fresh memory costs more than filling it.
 */
export class AsciiStore {
  private bytes = new Uint8Array(0);
  private size = 0;

  constructor(private readonly decode: DecodeSingleBytes) {}

  /** False for a piece that is not ASCII: nothing of it is added. */
  add(piece: string): boolean {
    this.makeRoom(piece.length);
    const { read, written } = encoder.encodeInto(piece, this.bytes.subarray(this.size));
    if (read !== piece.length || written !== piece.length) {
      return false;
    }
    this.size += written;
    return true;
  }

  /** What was added since the last `take` or `clear`. */
  take(): string {
    const text = this.size === 0 ? '' : this.decode(this.bytes.subarray(0, this.size));
    this.size = 0;
    return text;
  }

  clear(): void {
    this.size = 0;
  }

  /** Gives the memory back; what was added and not taken is gone. */
  release(): void {
    this.bytes = new Uint8Array(0);
    this.size = 0;
  }

  private makeRoom(more: number): void {
    const wanted = this.size + more;
    if (wanted > this.bytes.length) {
      const larger = new Uint8Array(Math.max(firstBytes, 2 ** Math.ceil(Math.log2(wanted))));
      larger.set(this.bytes.subarray(0, this.size));
      this.bytes = larger;
    }
  }
}

const firstBytes = 16 * 1024;
const encoder = new TextEncoder();
