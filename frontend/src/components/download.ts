/** Hands a file to the browser, which saves it where downloads go. */
export function download(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The download has begun when this turn of the event loop is over.
  setTimeout(() => URL.revokeObjectURL(link.href));
}
