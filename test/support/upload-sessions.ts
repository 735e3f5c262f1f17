import type { Answer, SeenRequest } from './fault-proxy';

/** Pieces of a session are kept in multiples of this. */
const GRANULE = 256 * 1024;

/**
 * Resumable upload sessions as Cloud Storage has them, in front of an emulator that differs in two ways: it takes the
 * question what has arrived for the end of the upload, and it keeps nothing of a piece that breaks off. What has arrived
 * is what the emulator itself said last.
 */
export class UploadSessions {
  private readonly arrived = new Map<string, number>();

  constructor(private readonly forward: (request: SeenRequest, body: Buffer) => Promise<Answer>) {}

  async carryOut(request: SeenRequest, body: Buffer): Promise<Answer> {
    const id = sessionOf(request.path);
    const known = id === null ? undefined : this.arrived.get(id);
    if (known !== undefined && request.headers['content-range']?.startsWith('bytes */') === true) {
      const headers = known === 0 ? {} : { range: `bytes=0-${known - 1}` };
      return { status: 308, headers, content: Buffer.alloc(0) };
    }
    const answer = await this.forward(request, body);
    this.note(id ?? sessionOf(answer.headers.location ?? ''), answer);
    return answer;
  }

  /** Carries out the part of a piece that arrived before the connection broke; of other requests nothing. */
  async keepPart(request: SeenRequest, body: Buffer): Promise<void> {
    const match = /^bytes (\d+)-\d+\/(\d+)$/.exec(request.headers['content-range'] ?? '');
    const length = body.length - (body.length % GRANULE);
    if (match === null || length === 0) return;
    const start = Number(match[1]);
    const headers = { ...request.headers, 'content-range': `bytes ${start}-${start + length - 1}/${match[2]!}` };
    await this.carryOut({ ...request, headers }, body.subarray(0, length));
  }

  private note(id: string | null, { status, headers }: Answer): void {
    if (id === null) return;
    if (headers.location !== undefined) this.arrived.set(id, 0);
    else if (status === 308) this.arrived.set(id, Number(/-(\d+)$/.exec(headers.range ?? '')?.[1]) + 1);
    else this.arrived.delete(id);
  }
}

function sessionOf(path: string): string | null {
  return /[?&]upload_id=([^&]+)/.exec(path)?.[1] ?? null;
}
