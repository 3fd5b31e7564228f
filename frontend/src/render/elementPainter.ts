/** Draws what stands in a viewport on a canvas: its canvases, SVG and text, as they are on the screen. */

/** What is drawn beside the image itself. */
export interface Extras {
  /** Overlays, shutter, measurements and lines. */
  drawings: boolean;
  /** Words, with the boxes that they stand in. */
  text: boolean;
}

/** Controls and what passes are no part of a picture. */
const LEFT_OUT = 'button, input, select, [role="progressbar"], [role="alert"]';

/** What an SVG needs from the style sheets of the page. */
const SVG_PROPERTIES = [
  'display',
  'visibility',
  'opacity',
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-opacity',
  'stroke-width',
  'stroke-dasharray',
  'stroke-linecap',
  'stroke-linejoin',
  'paint-order',
  'vector-effect',
  'font-family',
  'font-size',
  'font-style',
  'font-weight',
  'letter-spacing',
  'text-anchor',
  'dominant-baseline',
  'white-space',
] as const;

/** Shadows are drawn from text that lies this far beside the canvas, in CSS pixels. */
const BESIDE_CSS_PX = 10_000;

type Context = CanvasRenderingContext2D;

/** Draws a viewport with its image, as large as it is on the screen. */
export async function paintElement(
  root: HTMLElement,
  pixelRatio: number,
  extras: Extras,
): Promise<HTMLCanvasElement> {
  const box = root.getBoundingClientRect();
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(box.width * pixelRatio));
  canvas.height = Math.max(1, Math.round(box.height * pixelRatio));
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('this browser gives no 2D canvas');
  context.fillStyle = getComputedStyle(root).backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.scale(pixelRatio, pixelRatio);
  context.translate(-box.left, -box.top);
  for (const child of root.childNodes) await paintNode(context, child, pixelRatio, extras);
  return canvas;
}

async function paintNode(
  context: Context,
  node: Node,
  pixelRatio: number,
  extras: Extras,
): Promise<void> {
  if (node instanceof Text) {
    if (extras.text) paintText(context, node, pixelRatio);
    return;
  }
  if (!(node instanceof Element) || node.matches(LEFT_OUT)) return;
  const style = getComputedStyle(node);
  const opacity = Number(style.opacity);
  if (style.display === 'none' || style.visibility === 'hidden' || opacity === 0) return;
  context.save();
  context.globalAlpha *= opacity;
  if (node instanceof HTMLCanvasElement) {
    if (extras.drawings || node.dataset.shown !== undefined) paintCanvas(context, node);
  } else if (node instanceof SVGSVGElement) {
    if (extras.drawings) await paintSvg(context, node);
  } else {
    if (extras.text) paintBox(context, node, style);
    if (style.overflow !== 'visible') clipTo(context, node.getBoundingClientRect());
    for (const child of node.childNodes) await paintNode(context, child, pixelRatio, extras);
  }
  context.restore();
}

function paintCanvas(context: Context, canvas: HTMLCanvasElement): void {
  if (canvas.width === 0 || canvas.height === 0) return;
  const { left, top, width, height } = canvas.getBoundingClientRect();
  // It has a pixel for each of the screen already.
  context.imageSmoothingEnabled = false;
  context.drawImage(canvas, left, top, width, height);
}

async function paintSvg(context: Context, svg: SVGSVGElement): Promise<void> {
  const { left, top, width, height } = svg.getBoundingClientRect();
  if (width === 0 || height === 0) return;
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const originals = [svg, ...svg.querySelectorAll('*')];
  [copy, ...copy.querySelectorAll<SVGElement>('*')].forEach((element, index) => {
    const style = getComputedStyle(originals[index] as Element);
    for (const property of SVG_PROPERTIES) {
      element.style.setProperty(property, style.getPropertyValue(property));
    }
  });
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('width', String(width));
  copy.setAttribute('height', String(height));
  const image = new Image();
  const source = new XMLSerializer().serializeToString(copy);
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(source)}`;
  await image.decode();
  context.drawImage(image, left, top, width, height);
}

/** Background and borders of an element. */
function paintBox(context: Context, element: Element, style: CSSStyleDeclaration): void {
  const { left, top, right, bottom, width, height } = element.getBoundingClientRect();
  const shape = new Path2D();
  shape.roundRect(left, top, width, height, parseFloat(style.borderRadius) || 0);
  context.fillStyle = style.backgroundColor;
  context.fill(shape);
  const gradient = gradientOf(context, style.backgroundImage, element.getBoundingClientRect());
  if (gradient !== null) {
    context.fillStyle = gradient;
    context.fill(shape);
  }
  const sides = [
    ['Top', left, top, right - left, null],
    ['Bottom', left, bottom, right - left, null],
    ['Left', left, top, null, bottom - top],
    ['Right', right, top, null, bottom - top],
  ] as const;
  for (const [side, x, y, across, down] of sides) {
    const thickness = parseFloat(style[`border${side}Width`]) || 0;
    if (thickness === 0 || style[`border${side}Style`] === 'none') continue;
    context.fillStyle = style[`border${side}Color`];
    context.fillRect(
      side === 'Right' ? x - thickness : x,
      side === 'Bottom' ? y - thickness : y,
      across ?? thickness,
      down ?? thickness,
    );
  }
}

/** A gradient of evenly spaced colours from bottom to top or from left to right, as legends have it. */
function gradientOf(context: Context, image: string, box: DOMRect): CanvasGradient | null {
  const direction = /^linear-gradient\((to top|to right|0deg|90deg),/.exec(image)?.[1];
  const colors = image.match(/rgba?\([^)]*\)/g) ?? [];
  if (direction === undefined || colors.length < 2) return null;
  const isUp = direction === 'to top' || direction === '0deg';
  const gradient = isUp
    ? context.createLinearGradient(0, box.bottom, 0, box.top)
    : context.createLinearGradient(box.left, 0, box.right, 0);
  colors.forEach((color, index) => {
    gradient.addColorStop(index / (colors.length - 1), color);
  });
  return gradient;
}

function clipTo(context: Context, { left, top, width, height }: DOMRect): void {
  const shape = new Path2D();
  shape.rect(left, top, width, height);
  context.clip(shape);
}

function paintText(context: Context, node: Text, pixelRatio: number): void {
  if (node.parentElement === null) return;
  const style = getComputedStyle(node.parentElement);
  context.save();
  context.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  context.letterSpacing = style.letterSpacing === 'normal' ? '0px' : style.letterSpacing;
  context.fillStyle = style.color;
  for (const { text, box } of linesOf(node, style.whiteSpace)) {
    const baseline = box.top + context.measureText(text).fontBoundingBoxAscent;
    paintShadows(context, style.textShadow, pixelRatio, () => {
      context.fillText(text, box.left - BESIDE_CSS_PX, baseline);
    });
    context.fillText(text, box.left, baseline);
  }
  context.restore();
}

/** Draws only the shadows of what is drawn beside the canvas. */
function paintShadows(context: Context, shadows: string, pixelRatio: number, draw: () => void) {
  const each = /(rgba?\([^)]*\)) (-?[\d.]+)px (-?[\d.]+)px ([\d.]+)px/g;
  context.save();
  for (const [, color = '', right, down, blur] of shadows.matchAll(each)) {
    context.shadowColor = color;
    // Shadows know nothing of the scale of the canvas.
    context.shadowOffsetX = (Number(right) + BESIDE_CSS_PX) * pixelRatio;
    context.shadowOffsetY = Number(down) * pixelRatio;
    context.shadowBlur = Number(blur) * pixelRatio;
    draw();
  }
  context.restore();
}

/** The words of a text, line by line as they are broken on the screen. */
function linesOf(node: Text, whiteSpace: string): { text: string; box: DOMRect }[] {
  const lines: { start: number; end: number; top: number }[] = [];
  const range = document.createRange();
  for (const { index, 0: word } of node.data.matchAll(/\S+/g)) {
    const end = index + word.length;
    range.setStart(node, index);
    range.setEnd(node, end);
    const { top } = range.getBoundingClientRect();
    const last = lines.at(-1);
    if (last?.top === top) last.end = end;
    else lines.push({ start: index, end, top });
  }
  return lines.map(({ start, end }) => {
    range.setStart(node, start);
    range.setEnd(node, end);
    const text = node.data.slice(start, end);
    const isKept = whiteSpace.startsWith('pre') || whiteSpace.startsWith('break-spaces');
    return {
      text: isKept ? text : text.replace(/\s+/g, ' '),
      box: range.getBoundingClientRect(),
    };
  });
}
