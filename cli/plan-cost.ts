import type { Prediction, Range } from '../artifacts/planning-record';
import { UsageError } from '../matching/errors';

/** What a run costs: all its devices for as long as it takes; field names as in the JSON of `plan`. */
export interface PlanCost extends Range {
  /** Of one device for an hour, in whatever currency. */
  readonly price: number;
  /** As expected. */
  readonly device_hours: number;
}

const SECONDS_AN_HOUR = 3600;

/** Checks the text of `--price`. @throws UsageError */
export function parsePrice(text: string): number {
  if (/^\d{1,9}(\.\d{1,9})?$/.test(text.trim())) return Number(text);
  throw new UsageError('not a price', {
    ...{ field: '--price', found: text, expected: 'a number such as 2.5, for one device and hour' },
  });
}

export function costOf({ seconds, devices }: Prediction, price: number): PlanCost {
  const hours = (value: number): number => (value * devices) / SECONDS_AN_HOUR;
  return {
    ...{ least: price * hours(seconds.least), expected: price * hours(seconds.expected) },
    ...{ most: price * hours(seconds.most), price, device_hours: hours(seconds.expected) },
  };
}
