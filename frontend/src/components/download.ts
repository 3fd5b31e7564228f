/** A file stays this long for the browser to fetch it. */
const KEPT_MS = 60_000;

/** Hands a file to the browser, which saves it where downloads go. */
export function download(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // Some browsers read it only once somebody has said where it is to be saved.
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}
