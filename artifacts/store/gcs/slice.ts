/** The bytes `[start, end)` of chunks that follow each other, as views of them. */
export function slice(chunks: readonly Uint8Array[], start: number, end: number): Uint8Array[] {
  const views: Uint8Array[] = [];
  let at = 0;
  for (const chunk of chunks) {
    const [from, to] = [Math.max(0, start - at), Math.min(chunk.byteLength, end - at)];
    if (from < to) views.push(chunk.subarray(from, to));
    at += chunk.byteLength;
  }
  return views;
}
