import { formatCount } from '../../dicom/format';
import type { Scope } from './ground';
import { VERDICTS, type Standing, type Verdict } from './marks';

/** How far a person has come, counted in series or in files. */
export interface Progress {
  total: number;
  marked: number;
  counts: Readonly<Record<Verdict, number>>;
  /** Series whose files are marked in different ways. */
  mixed: number;
}

/** What the series of a list add up to. A series counts as marked when all its files are. */
export function progressOf(standings: readonly Standing[], scope: Scope): Progress {
  const counts = { keep: 0, reject: 0, unsure: 0 };
  let [total, marked, mixed] = [0, 0, 0];
  for (const standing of standings) {
    if (scope === 'file') {
      total += standing.files;
      marked += standing.files - standing.unmarked;
      for (const verdict of VERDICTS) counts[verdict] += standing.counts[verdict];
      continue;
    }
    total += 1;
    if (standing.unmarked > 0) continue;
    marked += 1;
    if (standing.verdict === 'mixed') mixed += 1;
    else if (standing.verdict !== '') counts[standing.verdict] += 1;
  }
  return { total, marked, counts, mixed };
}

/** `12 of 60 marked: 8 keep, 3 reject, 1 unsure`. */
export function progressText({ total, marked, counts, mixed }: Progress): string {
  const parts = [
    ...VERDICTS.map((verdict) => [counts[verdict], verdict] as const),
    [mixed, 'mixed'],
  ]
    .filter(([count]) => count !== 0)
    .map(([count, name]) => `${formatCount(Number(count))} ${name}`);
  const whole = `${formatCount(marked)} of ${formatCount(total)} marked`;
  return parts.length === 0 ? whole : `${whole}: ${parts.join(', ')}`;
}

/** How the files of a series stand, where they do not stand alike. */
export function standingText({ counts, unmarked }: Standing): string {
  return [
    ...VERDICTS.map((verdict) => [counts[verdict], verdict] as const),
    [unmarked, 'without a mark'] as const,
  ]
    .filter(([count]) => count > 0)
    .map(([count, name]) => `${formatCount(count)} ${name}`)
    .join(', ');
}
