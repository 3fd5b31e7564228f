/* Runs before the page: what is painted when, and tasks above 50 ms. */
const probe = { paints: [], tasks: [], marks: [] };
window.probe = probe;
new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) probe.tasks.push({ startTime, duration });
}).observe({ type: 'longtask', buffered: true });

/** Smaller canvases are legends and thumbnails. */
const LEAST_SIDE = 64;
let last = null;

function note(content, width, height) {
  if (content === last || Math.min(width, height) < LEAST_SIDE) return;
  last = content;
  probe.paints.push({ time: performance.now(), width, height });
}

/** A number that differs between two pictures but for an accident. */
function digest({ data }) {
  const words = new Uint32Array(data.buffer);
  const step = Math.max(1, Math.floor(words.length / 509));
  let sum = 0;
  for (let index = 0; index < words.length; index += step) sum = (sum * 31 + words[index]) | 0;
  return sum;
}

const { putImageData, drawImage } = CanvasRenderingContext2D.prototype;
CanvasRenderingContext2D.prototype.putImageData = function (image, ...rest) {
  note(digest(image), image.width, image.height);
  return putImageData.call(this, image, ...rest);
};
CanvasRenderingContext2D.prototype.drawImage = function (source, ...rest) {
  if (source instanceof ImageBitmap || source instanceof HTMLImageElement) {
    note(source, source.width, source.height);
  }
  return drawImage.call(this, source, ...rest);
};

/* What our own page says of itself: the frame it has painted, and whether in full. */
document.addEventListener('DOMContentLoaded', () => {
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      const mark = { frame: target.dataset.seen, isFull: target.dataset.shown === target.dataset.seen };
      const previous = probe.marks.at(-1);
      if (!mark.frame || (previous?.frame === mark.frame && previous.isFull === mark.isFull)) continue;
      probe.marks.push({ time: performance.now(), ...mark });
    }
  }).observe(document, { subtree: true, attributes: true, attributeFilter: ['data-seen', 'data-shown'] });
});

/** Sends a key `count` times, `hz` times a second, or once a frame of the screen for 0. */
probe.hold = async (key, count, hz) => {
  const begin = performance.now();
  for (let sent = 0; sent < count; sent++) {
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key, repeat: sent > 0, bubbles: true, cancelable: true }));
    // Keys come between frames, and never while one is made.
    if (hz === 0) await new Promise((go) => requestAnimationFrame(() => setTimeout(go)));
    else await new Promise((go) => setTimeout(go, begin + ((sent + 1) * 1000) / hz - performance.now()));
  }
  return { begin, end: performance.now() };
};
