import type { TableSamples } from '../dicom/storedFrame';

/** Texture formats of stored samples. SwiftShader has no 16-bit normalised ones, so whole numbers. */
function sampleFormat(gl: WebGL2RenderingContext, samples: TableSamples) {
  if (samples instanceof Int16Array) return [gl.R16I, gl.RED_INTEGER, gl.SHORT] as const;
  if (samples instanceof Uint16Array) return [gl.R16UI, gl.RED_INTEGER, gl.UNSIGNED_SHORT] as const;
  if (samples instanceof Int8Array) return [gl.R8I, gl.RED_INTEGER, gl.BYTE] as const;
  return [gl.R8UI, gl.RED_INTEGER, gl.UNSIGNED_BYTE] as const;
}

/** A texture of whole numbers, which can only be read texel by texel. */
export function uploadSamples(
  gl: WebGL2RenderingContext,
  texture: WebGLTexture,
  samples: TableSamples,
  columns: number,
  rows: number,
): void {
  const [internalFormat, format, type] = sampleFormat(gl, samples);
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  gl.texImage2D(gl.TEXTURE_2D, 0, internalFormat, columns, rows, 0, format, type, samples);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
}

/** The display table as 256 x 256 texels. */
export function uploadTable(
  gl: WebGL2RenderingContext,
  texture: WebGLTexture,
  table: Uint8Array,
): void {
  uploadSamples(gl, texture, table, 256, 256);
}

/** The colours of the 256 display values in one row. */
export function uploadColors(
  gl: WebGL2RenderingContext,
  texture: WebGLTexture,
  colors: Uint8Array,
): void {
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  const { TEXTURE_2D, RGB8UI, RGB_INTEGER, UNSIGNED_BYTE } = gl;
  gl.texImage2D(TEXTURE_2D, 0, RGB8UI, 256, 1, 0, RGB_INTEGER, UNSIGNED_BYTE, colors);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
}

/** Gray or RGB bytes as a texture that can be filtered. */
export function uploadBytes(
  gl: WebGL2RenderingContext,
  texture: WebGLTexture,
  values: Uint8Array,
  columns: number,
  rows: number,
): void {
  // WebGL has no swizzle; LUMINANCE is what reads one byte as red, green and blue.
  const format = values.length === columns * rows ? gl.LUMINANCE : gl.RGB;
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  gl.texImage2D(gl.TEXTURE_2D, 0, format, columns, rows, 0, format, gl.UNSIGNED_BYTE, values);
}

/** A decoded image, its numbers untouched. */
export function uploadBitmap(
  gl: WebGL2RenderingContext,
  texture: WebGLTexture,
  bitmap: ImageBitmap,
): void {
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
}

/** Makes an empty RGBA texture and directs drawing into it, through a framebuffer. */
export function targetImage(
  gl: WebGL2RenderingContext,
  framebuffer: WebGLFramebuffer,
  texture: WebGLTexture,
  columns: number,
  rows: number,
): void {
  const { TEXTURE_2D, RGBA8, RGBA, UNSIGNED_BYTE } = gl;
  gl.bindTexture(TEXTURE_2D, texture);
  gl.texImage2D(TEXTURE_2D, 0, RGBA8, columns, rows, 0, RGBA, UNSIGNED_BYTE, null);
  gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, TEXTURE_2D, texture, 0);
  gl.viewport(0, 0, columns, rows);
}

/** Smaller copies for pictures that are shown small, and how to read between texels. */
export function prepareFiltering(gl: WebGL2RenderingContext, texture: WebGLTexture): void {
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.generateMipmap(gl.TEXTURE_2D);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
}
