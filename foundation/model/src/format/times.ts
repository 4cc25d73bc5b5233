import { parseDuration } from '../duration.ts';

/** `10:15:22`, UTC; with the date when it is not the day of `nowMs`. */
export function clockText(instant: string | number, nowMs: number): string {
  const ms = typeof instant === 'number' ? instant : Date.parse(instant);
  const iso = new Date(ms).toISOString();
  const isToday = iso.slice(0, 10) === new Date(nowMs).toISOString().slice(0, 10);
  return isToday ? iso.slice(11, 19) : `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
}

/** `10:15:22.954`, UTC: for single checks. */
export function preciseClockText(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 23);
}

const unitWords: Readonly<Record<string, string>> = { m: 'min' };

/** A duration of a setting as people read it: `5s` → 5 s, `1m30s` → 1 min 30 s. What is no duration stays as it is. */
export function settingText(duration: string): string {
  if (parseDuration(duration) === undefined) return duration;
  return [...duration.matchAll(/(\d+)(ms|s|m|h|d)/g)]
    .map(([, digits, unit = '']) => `${digits} ${unitWords[unit] ?? unit}`)
    .join(' ');
}

/** Length of time in words: 12 s, 34 min, 5 h, 3 d. */
export function lengthText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}
