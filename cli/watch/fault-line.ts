import type { Fault } from './fault-log';

/** Places that are named one by one. */
const MOST_PLACES = 4;

/** A fault as one line for a person. */
export function faultLine({ kind, step, where, message, attempt }: Fault): string {
  const names = where.slice(0, MOST_PLACES).join(', ');
  const more = where.length > MOST_PLACES ? ` and ${where.length - MOST_PLACES} more` : '';
  const place = where.length === 0 ? '' : ` ${names}${more}`;
  const what = { retry: `attempt ${attempt ?? 2}`, set_aside: 'set aside', failed: 'failed' }[kind];
  return `${step}${place} ${what}: ${message.replaceAll(/\s*\n\s*/g, ' ')}`;
}
