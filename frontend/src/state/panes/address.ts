/** What a link says after its #: it never reaches the server, nor its logs. Whoever wrote it is not trusted. */
import { isColorMapName } from '../../dicom/colorMaps';
import { CT_PRESETS } from '../../dicom/ctPresets';
import type { FrameRef } from '../../dicom/frameRef';
import type { VoiFunction } from '../../dicom/recipe';
import { explicitWindow } from '../../dicom/voi';
import {
  UPRIGHT,
  WHOLE_IMAGE,
  withinZoom,
  type Rotation,
  type View,
} from '../../interaction/camera';
import type { Appearance } from '../view/viewer.svelte';
import { DEFAULT_VOI, type VoiChoice } from '../view/voiChoice';
import { GRIDS, ONE_PANE, type Grid, type Workspace } from './workspace.svelte';

/** One layout with what its panes show, and how the active one shows it. */
export interface Address {
  grid: Grid;
  /** Place of the active pane, from 0. */
  active: number;
  /** By place; null for empty panes. */
  frames: readonly (FrameRef | null)[];
  appearance: Appearance;
}

/** The look of what nobody has touched. */
export const UNTOUCHED: Appearance = {
  view: WHOLE_IMAGE,
  choice: DEFAULT_VOI,
  isInverted: false,
  colorMap: 'grey',
};

const FUNCTIONS: readonly VoiFunction[] = ['LINEAR', 'LINEAR_EXACT', 'SIGMOID'];
const ROTATIONS: readonly Rotation[] = [0, 90, 180, 270];

/** Image points far beyond any image are no places to look at. */
const FARTHEST_PIXEL = 1e6;

/** More digits than anybody sees. */
const ZOOM_DIGITS = 5;

const LONGEST_UNIT = 16;

/** What is open, to be found again; null where nothing is. */
export function addressOf({ grid, arranged, active }: Workspace): Address | null {
  const frames = arranged.map(({ viewer }): FrameRef | null => {
    const file = viewer.file?.index;
    return viewer.scroll.ref ?? (file === undefined ? null : { file, frame_index: 0 });
  });
  if (frames.every((ref) => ref === null)) return null;
  return { grid, frames, active: arranged.indexOf(active), appearance: active.viewer.appearance };
}

/** The address as the part of a link after its #. */
export function addressText({ grid, active, frames, appearance }: Address): string {
  const parts: [string, string][] = [];
  const ref = frames[active] ?? null;
  if (ref !== null) parts.push(['file', String(ref.file)], ['frame', String(ref.frame_index)]);
  parts.push(...windowParts(appearance), ...viewParts(appearance.view));
  if (frames.length > 1) {
    parts.push(['layout', gridText(grid)], ['pane', String(active + 1)]);
    for (const [place, other] of frames.entries()) {
      if (other === null || place === active) continue;
      parts.push([`p${String(place + 1)}`, `${String(other.file)},${String(other.frame_index)}`]);
    }
  }
  // Commas mean nothing else here, and are easier to read as they are.
  return new URLSearchParams(parts).toString().replaceAll('%2C', ',');
}

/** Reads what a link says; null where it names no file. What cannot be is left out. */
export function readAddress(fragment: string): Address | null {
  const given = new URLSearchParams(fragment.replace(/^#/, ''));
  const layout = given.get('layout');
  const grid = GRIDS.find((known) => gridText(known) === layout) ?? ONE_PANE;
  const count = grid.rows * grid.columns;
  const wanted = (wholeNumber(given.get('pane')) ?? 1) - 1;
  const active = wanted >= 0 && wanted < count ? wanted : 0;
  const frames = Array.from({ length: count }, (_, place) =>
    place === active
      ? frameRef(given.get('file'), given.get('frame') ?? '0')
      : frameRef(...pair(given.get(`p${String(place + 1)}`))),
  );
  if (frames.every((ref) => ref === null)) return null;
  return { grid, active, frames, appearance: readAppearance(given) };
}

function readAppearance(given: URLSearchParams): Appearance {
  const map = given.get('map') ?? '';
  return {
    view: readView(given),
    choice: readChoice(given),
    isInverted: given.get('invert') === '1',
    colorMap: isColorMapName(map) ? map : 'grey',
  };
}

function windowParts({ choice, isInverted, colorMap }: Appearance): [string, string][] {
  const parts = choiceParts(choice);
  if (isInverted) parts.push(['invert', '1']);
  if (colorMap !== 'grey') parts.push(['map', colorMap]);
  return parts;
}

function choiceParts(choice: VoiChoice): [string, string][] {
  switch (choice.kind) {
    case 'default':
      return [];
    case 'file':
      return [['window', String(choice.index)]];
    case 'preset':
      return [['window', choice.name]];
    case 'full':
    case 'percentile':
      return [['window', choice.kind]];
    case 'custom': {
      const { center, width, function: read } = choice.window;
      const parts: [string, string][] = [
        ['c', String(center)],
        ['w', String(width)],
      ];
      if (read !== 'LINEAR') parts.push(['function', read]);
      if (choice.unit) parts.push(['unit', choice.unit.slice(0, LONGEST_UNIT)]);
      return parts;
    }
  }
}

function readChoice(given: URLSearchParams): VoiChoice {
  const [center, width] = [finiteNumber(given.get('c')), finiteNumber(given.get('w'))];
  if (center !== null && width !== null && width > 0) {
    const read = FUNCTIONS.find((name) => name === given.get('function')) ?? 'LINEAR';
    const unit = given.get('unit') ?? '';
    const window = explicitWindow(center, width, read);
    const isPlain = unit !== '' && unit.length <= LONGEST_UNIT;
    return { kind: 'custom', window, ...(isPlain ? { unit } : {}) };
  }
  const named = given.get('window') ?? '';
  if (named === 'full' || named === 'percentile') return { kind: named };
  const preset = CT_PRESETS.find(({ name }) => name === named);
  if (preset !== undefined) return { kind: 'preset', name: preset.name };
  const index = wholeNumber(named);
  return index === null ? DEFAULT_VOI : { kind: 'file', index };
}

function viewParts({ zoom, center, orientation }: View): [string, string][] {
  const parts: [string, string][] = [];
  if (zoom !== 'fit') parts.push(['zoom', String(Number(zoom.toPrecision(ZOOM_DIGITS)))]);
  if (center !== null) parts.push(['center', `${center.x.toFixed(2)},${center.y.toFixed(2)}`]);
  if (orientation.rotation_deg !== 0) parts.push(['rotate', String(orientation.rotation_deg)]);
  if (orientation.isMirrored) parts.push(['mirror', '1']);
  return parts;
}

function readView(given: URLSearchParams): View {
  const zoom = finiteNumber(given.get('zoom'));
  const [x, y] = pair(given.get('center')).map(finiteNumber);
  const isPlace =
    typeof x === 'number' &&
    typeof y === 'number' &&
    Math.max(Math.abs(x), Math.abs(y)) < FARTHEST_PIXEL;
  const turn = wholeNumber(given.get('rotate'));
  const rotation_deg = ROTATIONS.find((rotation) => rotation === turn) ?? UPRIGHT.rotation_deg;
  return {
    zoom: zoom !== null && zoom > 0 ? withinZoom(zoom) : 'fit',
    center: isPlace ? { x, y } : null,
    orientation: { rotation_deg, isMirrored: given.get('mirror') === '1' },
  };
}

function gridText({ rows, columns }: Grid): string {
  return `${String(rows)}x${String(columns)}`;
}

function frameRef(file: string | null, frame: string | null): FrameRef | null {
  const [index, frame_index] = [wholeNumber(file), wholeNumber(frame)];
  return index === null || frame_index === null ? null : { file: index, frame_index };
}

function pair(text: string | null): [string | null, string | null] {
  const [first = null, second = null] = text?.split(',') ?? [];
  return [first, second];
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

function finiteNumber(text: string | null): number | null {
  if (text === null || !/^-?\d{1,22}(\.\d{1,22})?(e[+-]?\d{1,3})?$/.test(text)) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}
