/** The lines of a stream as they come. What stands after the last line break is no line: the stream broke off. */
export async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let begun: string[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const [first = '', ...others] = decoder.decode(value, { stream: true }).split('\n');
      begun.push(first);
      for (const next of others) {
        yield begun.join('');
        begun = [next];
      }
    }
  } finally {
    // Who stops listening closes the line.
    await reader.cancel().catch(() => undefined);
  }
  if (begun.join('') !== '') throw new TypeError('the stream breaks off within a line');
}
