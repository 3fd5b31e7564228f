#version 300 es
// Stored value -> display value -> colour, at the resolution of the image: the display
// table holds entry n at column n % 256 and row n / 256.
precision highp float;
precision highp int;
precision highp SAMPLER;
precision highp usampler2D;

uniform SAMPLER samples;
uniform usampler2D displayTable;
uniform bool hasColors;
uniform usampler2D colors;
out vec4 color;

void main() {
  int stored = int(texelFetch(samples, ivec2(gl_FragCoord.xy), 0).r) & 0xffff;
  uint display = texelFetch(displayTable, ivec2(stored & 0xff, stored >> 8), 0).r;
  uvec3 shade = hasColors ? texelFetch(colors, ivec2(display, 0), 0).rgb : uvec3(display);
  color = vec4(vec3(shade) / 255.0, 1.0);
}
