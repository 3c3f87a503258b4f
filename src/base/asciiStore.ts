import type { DecodeSingleBytes } from './decodeBytes';

/**
 * Gathers ASCII text as bytes, piece by piece, for one text after the other. The bytes lie outside of the heap, and Node
 * keeps a text that is made of very many of them there too: in the heap, all pieces of a text of megabytes would go from
 * one generation to the next, and make the first one grow for good.
 *
 * They lie in one buffer that grows and shrinks where it is, so nothing is copied for more room, and with `take` the
 * memory goes back at once: a buffer that is thrown away stays until the garbage collector comes.
 */
export class AsciiStore {
  private buffer: ArrayBuffer | undefined;
  /** As long as the buffer is at any time. */
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
    if (this.bytes.length > readyBytes) {
      this.buffer?.resize(0);
    }
    return text;
  }

  clear(): void {
    this.size = 0;
  }

  /** Gives the memory back; what was added and not taken is gone. */
  release(): void {
    this.buffer?.resize(0);
    this.size = 0;
  }

  private makeRoom(more: number): void {
    const wanted = this.size + more;
    if (wanted <= this.bytes.length) {
      return;
    }
    const size = Math.ceil(wanted / stepBytes) * stepBytes;
    if (this.buffer !== undefined && size <= this.buffer.maxByteLength) {
      this.buffer.resize(size);
      return;
    }
    const former = this.bytes;
    this.buffer = new ArrayBuffer(size, { maxByteLength: Math.max(reservedBytes, size * 2) });
    this.bytes = new Uint8Array(this.buffer);
    this.bytes.set(former.subarray(0, this.size));
  }
}

/** Addresses only: memory is taken as it is needed. */
const reservedBytes = 32 * 1024 * 1024;
const stepBytes = 256 * 1024;
/** So much stays for the next text until `release`: fresh memory costs more than filling it. */
const readyBytes = stepBytes;
const encoder = new TextEncoder();
