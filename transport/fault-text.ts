/** The words of the innermost cause: what a library wraps around it says less. */
export function faultText(error: unknown): string {
  // Not by class: errors of the runtime may come from another realm.
  if (typeof error !== 'object' || error === null) return String(error);
  const { cause, message, code } = error as { cause?: unknown; message?: unknown; code?: unknown };
  if (typeof cause === 'object' && cause !== null) return faultText(cause);
  if (typeof message === 'string' && message !== '') return message;
  return typeof code === 'string' ? code : 'an error without a message';
}
