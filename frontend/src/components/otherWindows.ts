/** The other windows of this browser that show the same server. */
export class OtherWindows {
  readonly #channel: BroadcastChannel;

  /** `onEdit` hears that one of them has edited something. */
  constructor(base: string, onEdit: () => void) {
    this.#channel = new BroadcastChannel(`dcmview ${new URL('.', base).pathname}`);
    this.#channel.onmessage = onEdit;
  }

  /** Tells them that something was edited here. */
  tell(): void {
    this.#channel.postMessage(null);
  }

  close(): void {
    this.#channel.close();
  }
}
