/** Whether a call failed because the server did not answer, or not in time. */
export function isUnavailable(error: unknown): boolean {
  return /UNAVAILABLE|DEADLINE_EXCEEDED|ECONNREFUSED|ECONNRESET|connection (error|closed|dropped)|Failed to connect/i.test(
    textOf(error)
  );
}

/** What an error says, with its cause: the client wraps those of the network. */
export function textOf(error: unknown): string {
  return error instanceof Error ? `${error.message} ${String(error.cause)}` : String(error);
}
