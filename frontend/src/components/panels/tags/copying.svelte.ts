import type { Notices } from '../../../state/notices.svelte';
import { copyText } from '../../clipboard';

const NOTICE_MS = 900;

/** Copies parts of rows, and says for a moment which. */
export class Copying {
  readonly #notices: Pick<Notices, 'warn'>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #done = $state.raw<{ key: string; part: string } | null>(null);

  constructor(notices: Pick<Notices, 'warn'>) {
    this.#notices = notices;
  }

  /** The row of which something was just copied. */
  get key(): string | null {
    return this.#done?.key ?? null;
  }

  /** The part that was just copied, of any row. */
  get part(): string | null {
    return this.#done?.part ?? null;
  }

  /** The part of a row that was just copied. */
  partOf(key: string): string | null {
    return this.#done?.key === key ? this.#done.part : null;
  }

  async copy(key: string, part: string, text: string | Promise<string>): Promise<void> {
    if (!(await copyText(await text))) {
      this.#notices.warn('The browser does not let the page copy.');
      return;
    }
    this.#done = { key, part };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.#done = null), NOTICE_MS);
  }
}

/** The part of a row that a click is on, as its cell says with `data-copies`. */
export function partAt(event: MouseEvent | KeyboardEvent): string | null {
  const { target } = event;
  const cell = target instanceof Element ? target.closest<HTMLElement>('[data-copies]') : null;
  return 'key' in event ? null : (cell?.dataset['copies'] ?? null);
}

/** Whether a press means to copy. */
export function isCopyKey(event: MouseEvent | KeyboardEvent): boolean {
  return 'key' in event && (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'c';
}

/** Whether somebody marks text with the mouse, to copy that. */
export function isMarking(): boolean {
  return getSelection()?.type === 'Range';
}
