import type { Command } from '../../interaction/keymap';
import type { Session } from '../session';

type TriageCommand = Extract<
  Command,
  | 'toggle-triage'
  | 'clear-mark'
  | 'take-back-mark'
  | 'triage-note'
  | 'triage-scope'
  | 'triage-menu'
  | `mark-${string}`
  | `${string}-unmarked`
>;

/** Deciding about series and files. */
export const TRIAGE_COMMANDS: Readonly<Record<TriageCommand, (session: Session) => void>> = {
  'toggle-triage': ({ triage }) => (triage.isOn = !triage.isOn),
  'mark-keep': ({ triage }) => triage.mark('keep'),
  'mark-reject': ({ triage }) => triage.mark('reject'),
  'mark-unsure': ({ triage }) => triage.mark('unsure'),
  'clear-mark': ({ triage }) => triage.clearMark(),
  'take-back-mark': ({ triage }) => triage.takeBack(),
  'next-unmarked': ({ triage }) => triage.goToUnmarked(1),
  'previous-unmarked': ({ triage }) => triage.goToUnmarked(-1),
  'triage-note': ({ triage }) => triage.focusNote(),
  'triage-scope': ({ triage }) => (triage.scope = triage.scope === 'series' ? 'file' : 'series'),
  'triage-menu': ({ layout }) => layout.toggleMenu('triage-menu'),
};
