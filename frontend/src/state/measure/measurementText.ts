/** Measurements as text and as a table, to be taken elsewhere. */
import type { FrameRef } from '../../dicom/frameRef';
import type { Roi } from '../../dicom/roi';
import { SHAPE_KINDS } from '../../dicom/shapes';
import { resultRows, type MeasurementResult } from './measurementResult';

/** An ROI with what it was on a frame when that was last seen. */
export interface Measured {
  roi: Roi;
  /** The frame it was measured on. */
  ref: FrameRef;
  path: string;
  result: MeasurementResult | null;
}

/** For the clipboard: one paragraph a measurement, figures after tabs. */
export function measurementsText(all: readonly Measured[]): string {
  return all
    .map(({ roi: { shape }, path, ref, result }) => {
      const head = `${SHAPE_KINDS[shape.kind].name}\t${path}\tframe ${String(ref.frame_index + 1)}`;
      const rows = result === null ? [] : resultRows(shape, result);
      return [head, ...rows.map(({ name, value }) => `${name}\t${value}`)].join('\n');
    })
    .join('\n\n');
}

/** A cell: numbers stay numbers, text is kept from being run as a formula. */
interface Cell {
  text: string;
  isFormulaSafe: boolean;
}

const plain = (text: string): Cell => ({ text, isFormulaSafe: true });
const words = (text: string): Cell => ({ text, isFormulaSafe: false });
const number = (value: number | null | undefined): Cell =>
  plain(value === null || value === undefined ? '' : String(value));

interface Line extends Measured {
  /** Which component of a colour image; 0 for what has none. */
  component: number;
}

/** The columns in their order. A path stays as it is: whoever reads it must find the file. */
const COLUMNS: Readonly<Record<string, (line: Line) => Cell>> = {
  file: ({ path }) => plain(path),
  frame_number: ({ ref }) => number(ref.frame_index + 1),
  id: ({ roi }) => plain(roi.id),
  kind: ({ roi }) => plain(roi.shape.kind),
  label: ({ roi }) => words(roi.label),
  group: ({ roi }) => words(roi.group),
  score: ({ roi }) => number(roi.score),
  all_frames: ({ roi }) => plain(String(roi.frames === 'all')),
  points: ({ roi }) =>
    plain(roi.shape.points.map(({ x, y }) => `${String(x)} ${String(y)}`).join('; ')),
  length: ({ result }) => number(result?.length),
  area: ({ result }) => number(result?.area),
  distance_unit: ({ result }) => plain(result?.ruler.unit ?? ''),
  distance_plane: ({ result }) => plain(planeOf(result)),
  distance_source: ({ result }) => words(result?.ruler.reason ?? ''),
  angle_deg: ({ result }) => number(result?.angle_deg),
  component: ({ result, component }) => plain(result?.components[component] ?? ''),
  value: ({ result, component }) => number(result?.values[component]),
  mean: (line) => number(figuresOf(line)?.mean),
  sd_population: (line) => number(figuresOf(line)?.sd),
  min: (line) => number(figuresOf(line)?.min),
  max: (line) => number(figuresOf(line)?.max),
  median: (line) => number(figuresOf(line)?.median),
  sum: (line) => number(figuresOf(line)?.sum),
  value_unit: ({ result }) => words(result?.unit ?? ''),
  suv_kind: ({ result }) => plain(result?.suv?.kind ?? ''),
  suv_value: (line) => number(uptake(line, line.result?.values[0])),
  suv_mean: (line) => number(uptake(line, figuresOf(line)?.mean)),
  suv_max: (line) => number(uptake(line, figuresOf(line)?.max)),
  pixel_count: ({ result }) => number(result?.statistics?.pixelCount),
  excluded_pixel_count: ({ result }) => number(result?.statistics?.excludedCount),
};

/** A table as RFC 4180 has it, one row a measurement; of colour, one a component. */
export function measurementsCsv(all: readonly Measured[]): string {
  const columns = Object.values(COLUMNS);
  const lines = all.flatMap((measured) => {
    const count = Math.max(1, measured.result?.components.length ?? 0);
    return Array.from({ length: count }, (_, component): Line => ({ ...measured, component }));
  });
  const rows = lines.map((line) => columns.map((column) => csvCell(column(line))));
  return [Object.keys(COLUMNS), ...rows].map((row) => `${row.join(',')}\r\n`).join('');
}

/** Where a cell begins like this, spreadsheets take it for a formula, in quotes or not. */
const FORMULA_START = /^[=+\-@\t\r\n＝＋－＠]/;

function csvCell({ text, isFormulaSafe }: Cell): string {
  const guarded = !isFormulaSafe && FORMULA_START.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

function figuresOf({ result, component }: Line) {
  return result?.statistics?.components[component];
}

function uptake({ result }: Line, value: number | undefined): number | null {
  const suv = result?.suv ?? null;
  return suv === null || value === undefined ? null : value * suv.factor;
}

function planeOf(result: MeasurementResult | null): string {
  if (result === null || result.ruler.unit !== 'mm') return '';
  return result.ruler.place === '' ? 'patient' : 'detector';
}
