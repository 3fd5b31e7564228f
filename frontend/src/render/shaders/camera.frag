#version 300 es
// The display image through the camera. Image points have 0.0 at the top left
// corner of the first pixel; the first row of the texture is the first row of
// the image, while gl_FragCoord counts from the bottom. The texture of a preview
// has fewer texels than the image has pixels.
precision highp float;

uniform sampler2D image;
uniform float targetHeight;
uniform vec2 imageSize;
uniform bool isNearest;
uniform mat3 toImagePoint;
out vec4 color;

void main() {
  vec3 target = vec3(gl_FragCoord.x, targetHeight - gl_FragCoord.y, 1.0);
  vec2 point = (toImagePoint * target).xy;
  vec2 size = vec2(textureSize(image, 0));
  // Where they are equal nothing is divided, so that whole pixels stay whole.
  vec2 texel = size == imageSize ? point : point * size / imageSize;
  // Read before any branch: smoothing needs the neighbours on the screen, and beside the image
  // they would be missing.
  vec3 shade = isNearest ? texelFetch(image, ivec2(clamp(texel, vec2(0.0), size - 1.0)), 0).rgb
                         : texture(image, texel / size).rgb;
  bool isOutside = any(lessThan(point, vec2(0.0))) || any(greaterThanEqual(point, imageSize));
  color = isOutside ? vec4(0.0) : vec4(shade, 1.0);
}
