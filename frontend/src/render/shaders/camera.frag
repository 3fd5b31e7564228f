#version 300 es
// The display image through the camera. Image points have 0.0 at the top left
// corner of the first pixel; the first row of the texture is the first row of
// the image, while gl_FragCoord counts from the bottom.
precision highp float;

uniform sampler2D image;
uniform float targetHeight;
uniform bool isNearest;
uniform mat3 toImagePoint;
out vec4 color;

void main() {
  vec3 target = vec3(gl_FragCoord.x, targetHeight - gl_FragCoord.y, 1.0);
  vec2 point = (toImagePoint * target).xy;
  vec2 size = vec2(textureSize(image, 0));
  if (any(lessThan(point, vec2(0.0))) || any(greaterThanEqual(point, size))) {
    color = vec4(0.0);
    return;
  }
  vec3 shade = isNearest ? texelFetch(image, ivec2(point), 0).rgb : texture(image, point / size).rgb;
  color = vec4(shade, 1.0);
}
