import { asApiError } from '../api/apiError';
import { visibleText } from '../dicom/format';

export interface Notice {
  id: number;
  kind: 'warning' | 'error';
  message: string;
  /** Stable code of the failure, empty for a warning. */
  code: string;
}

/** What went wrong and has no better place on the page. Equal notices are said once. */
export class Notices {
  #items = $state.raw<readonly Notice[]>([]);
  readonly #said = new Set<string>();
  #lastId = 0;

  get items(): readonly Notice[] {
    return this.#items;
  }

  warn(message: string): void {
    this.#add('warning', message, '');
  }

  fail(reason: unknown): void {
    const { message, code } = asApiError(reason);
    this.#add('error', message, code);
  }

  dismiss(id: number): void {
    this.#items = this.#items.filter((notice) => notice.id !== id);
  }

  #add(kind: Notice['kind'], message: string, code: string): void {
    const key = JSON.stringify([kind, message, code]);
    if (this.#said.has(key)) return;
    this.#said.add(key);
    this.#lastId += 1;
    this.#items = [...this.#items, { id: this.#lastId, kind, message: visibleText(message), code }];
  }
}
