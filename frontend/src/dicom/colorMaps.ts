/** Colour maps for display values: the palettes of the Standard and perceptual ones. */

/** Display values that a colour map has a colour for. */
const COLOR_MAP_SIZE = 256;

interface ColorMapSource {
  name: string;
  label: string;
  /** Corners of the map, `position red green blue` as two hexadecimal digits each. */
  corners: string;
}

/**
 * Between its corners a map is linear, halves rounded up. The palettes of DICOM
 * PS3.6 B.1 come out exactly, viridis to turbo within 1 of 255 of the tables in
 * Matplotlib.
 */
const SOURCES = [
  { name: 'grey', label: 'Grey', corners: '00000000 ffffffff' },
  {
    name: 'hot-iron',
    label: 'Hot iron',
    corners: '00000000 7efc0000 80ff0000 bfff7e00 fefffcfc ffffffff',
  },
  {
    name: 'pet',
    label: 'PET',
    corners:
      '00000000 01000201 3e007d7b 3f00807d 40017e7f 562d52ab 69532dd1 6b5629d5 7f7e01fd ' +
      '808000ff 828404f8 a8cf5060 c0ff8000 d4ffa850 d5ffaa55 fefffcfa ffffffff',
  },
  {
    name: 'hot-metal-blue',
    label: 'Hot metal blue',
    corners:
      '00000000 1000001f 22000043 44000085 550000a7 663200c8 775a0096 888c2032 99be4000 ' +
      'aaff6000 eeffe0c8 ffffffff',
  },
  {
    name: 'pet-20-step',
    label: 'PET 20 step',
    corners:
      '00000000 0c000000 0d600050 19600050 1a303050 26303050 27303070 32303070 33505080 ' +
      '3f505080 406060b0 4c6060b0 4d7070c0 597070c0 5a8080e0 658080e0 66306030 72306030 ' +
      '73309030 7f309030 8050c050 8c50c050 8d40e040 9840e040 99e0e050 a5e0e050 a6d0d060 ' +
      'b2d0d060 b3d0b040 bfd0b040 c0d09000 cbd09000 ccc06000 d8c06000 d9b03000 e5b03000 ' +
      'e6ff0000 f2ff0000 f3ffffff ffffffff',
  },
  { name: 'spring', label: 'Spring', corners: '00ff00ff ffffff00' },
  { name: 'summer', label: 'Summer', corners: '0000ff00 7f00c000 8000bf02 be00a07d ff0080fe' },
  { name: 'fall', label: 'Fall', corners: '00ffff00 ffff0000' },
  { name: 'winter', label: 'Winter', corners: '000000ff 7f007fc0 800180bf ff7fff80' },
  {
    name: 'viridis',
    label: 'Viridis',
    corners:
      '00440154 11481a6c 2346307e 3a3e4c8a 5d2d708e 8120928c 901fa088 9d25ac82 ac38b977 ' +
      'b84ec36b cb77d153 e9c5e021 f2dde318 f8ece51b fffde725',
  },
  {
    name: 'inferno',
    label: 'Inferno',
    corners:
      '00000004 0602020e 15110a30 23260c51 2d380962 3a4d0d6c 5071196e 67952667 7eb93556 ' +
      '96d94d3d acef6c23 c2fa9207 c9fc9f07 cffcaa0f dcfac42a e8f5db4c f1f1ec6d f8f3f68a fffcffa4',
  },
  {
    name: 'magma',
    label: 'Magma',
    corners:
      '00000004 02010106 0c06051a 1d19103f 2a2c115f 36400f74 4254137d 5a792282 78aa337d ' +
      '8fcf4070 9fe55064 acf2645c bbfa7f5e cefea36f e3feca8d fffcfdbf',
  },
  {
    name: 'cividis',
    label: 'Cividis',
    corners:
      '0000224e 11002e6c 17013271 1a0c3470 201a386f 2f31436d 53555c6d 827e7d78 a29d9576 ' +
      'c3bfb06b e0dec958 f1f1d945 fbfde334 fffee838',
  },
  {
    name: 'turbo',
    label: 'Turbo',
    corners:
      '0030123b 01321543 093a2d79 114143a7 194559cb 21476ee6 294682f8 2f4391fe 353ba0fd ' +
      '3f2ab9ee 4a1ad2d2 5218e0bd 5920eaac 6238f491 706dfe62 7b96fe44 84affa37 8dc6f034 ' +
      '9ae3db38 a5f5c53a affdae35 bcfd8a26 caf26014 d5e4450a e2cc2b04 f1a71401 ff7a0403',
  },
] as const satisfies readonly ColorMapSource[];

export type ColorMapName = (typeof SOURCES)[number]['name'];

/** Names and labels in the order in which they are offered; grey comes first. */
export const COLOR_MAPS: readonly { name: ColorMapName; label: string }[] = SOURCES;

const tables = new Map<ColorMapName, Uint8Array<ArrayBuffer>>();

/** Red, green and blue of the 256 display values. The same name gives the same array. */
export function colorMapTable(name: ColorMapName): Uint8Array<ArrayBuffer> {
  const known = tables.get(name);
  if (known !== undefined) return known;
  const table = tableOf(SOURCES.find((source) => source.name === name)?.corners ?? '');
  tables.set(name, table);
  return table;
}

/** The map after another; after the last comes the first. */
export function nextColorMap(name: ColorMapName): ColorMapName {
  const here = SOURCES.findIndex((source) => source.name === name);
  return SOURCES[(here + 1) % SOURCES.length]?.name ?? 'grey';
}

export function isColorMapName(name: string): name is ColorMapName {
  return SOURCES.some((source) => source.name === name);
}

/** The map as a CSS gradient, for swatches and legends. */
export function colorMapGradient(name: ColorMapName, direction: 'right' | 'top'): string {
  const table = colorMapTable(name);
  const colors: string[] = [];
  for (let position = 0; position < COLOR_MAP_SIZE; position += 5) {
    const rgb = table.subarray(3 * position, 3 * position + 3);
    colors.push(`rgb(${Array.from(rgb).join(' ')})`);
  }
  return `linear-gradient(to ${direction}, ${colors.join(', ')})`;
}

function tableOf(corners: string): Uint8Array<ArrayBuffer> {
  const points = corners.split(' ').map((corner) => parseInt(corner, 16) >>> 0);
  const table = new Uint8Array(3 * COLOR_MAP_SIZE);
  points.slice(1).forEach((to, index) => {
    const from = points[index] ?? 0;
    const [start, end] = [from >>> 24, to >>> 24];
    for (let position = start; position <= end; position++) {
      const part = (position - start) / (end - start);
      for (let channel = 0; channel < 3; channel++) {
        const shift = 16 - 8 * channel;
        const [low, high] = [(from >>> shift) & 0xff, (to >>> shift) & 0xff];
        table[3 * position + channel] = Math.floor(low + (high - low) * part + 0.5);
      }
    }
  });
  return table;
}
