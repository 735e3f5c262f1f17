/** How long something will take, roughly: `45 s`, `12 min`, `3 h 54 min`, `2 d 5 h`. */
export function formatDuration(seconds: number): string {
  const [whole, minutes] = [Math.round(seconds), Math.round(seconds / 60)];
  if (whole < 60) return `${whole} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** How long something has taken, to the second: `45 s`, `12:03`, `3:54:07`. */
export function formatElapsed(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number: number): string => String(number).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  if (hours > 0) return `${hours}:${two(minutes)}:${two(whole % 60)}`;
  return whole < 60 ? `${whole} s` : `${minutes}:${two(whole % 60)}`;
}

/** `12.3 pairs/min`, `4.5 pairs/h`. */
export function formatRate(perMinute: number): string {
  return perMinute >= 1 ? `${perMinute.toPrecision(3)} pairs/min` : `${(60 * perMinute).toPrecision(2)} pairs/h`;
}
