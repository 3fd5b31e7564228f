import type { Session } from '../session';

/** ROIs as files, out and in. */
export const EXCHANGE_COMMANDS = {
  'roi-menu': ({ layout }) => layout.toggleMenu('roi-menu'),
  'import-rois': ({ roiImporter }) => roiImporter.pick(),
} as const satisfies Record<string, (session: Session) => unknown>;
