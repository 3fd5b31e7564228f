/** What stays for this long goes into the address: never in the middle of a drag or a cine. */
const SETTLE_MS = 300;

/** What this needs of a browser window. */
interface AddressPlace {
  location: { hash: string; pathname: string; search: string };
  history: { state: unknown; replaceState(data: unknown, unused: string, url: string): void };
}

/** Keeps the address of the page in step with what is seen, without an entry in the history. */
export class AddressBar {
  readonly #place: AddressPlace;
  #text = '';
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(place: AddressPlace) {
    this.#place = place;
  }

  /** Shows the part after the #, once it has settled. */
  show(text: string): void {
    this.#text = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#write();
    }, SETTLE_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #write(): void {
    const { location, history } = this.#place;
    const hash = this.#text === '' ? '' : `#${this.#text}`;
    if (location.hash === hash) return;
    history.replaceState(history.state, '', location.pathname + location.search + hash);
  }
}
