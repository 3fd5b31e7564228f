import type { Session } from '../session';

/** What the commands of text over the images do. */
export const CAPTION_COMMANDS = {
  'next-captions': ({ captions }) => captions.next(),
  'hide-identity': ({ captions }) => (captions.isIdentityHidden = !captions.isIdentityHidden),
  'caption-menu': ({ layout }) => layout.toggleMenu('caption-menu'),
} as const satisfies Record<string, (session: Session) => void>;
