import type { Recipe, Suv } from '../../api/types.gen';
import { frameKey, type FrameRef } from '../../dicom/frameRef';
import { formatCount, formatValue, visibleText } from '../../dicom/format';
import {
  regionStatistics,
  valuesAtPoint,
  type ComponentStatistics,
  type RegionStatistics,
} from '../../dicom/regionStatistics';
import type { Roi } from '../../dicom/roi';
import { angleDeg, cobbAngleDeg, shapeArea, shapeLength } from '../../dicom/shapeMeasures';
import { isRegion, type Shape } from '../../dicom/shapes';
import { angleText, areaText, lengthText, rulerFor, type Ruler } from '../../dicom/spacing';
import type { StoredFrame } from '../../dicom/storedFrame';

/** What is measured in: samples with what they mean. */
interface MeasuredFrame {
  ref: FrameRef;
  path: string;
  stored: StoredFrame;
  recipe: Recipe;
}

/** All that a shape tells about a frame. What does not apply to its kind is null. */
export interface MeasurementResult {
  ruler: Ruler;
  /** Of a line, or of the outline of a region. */
  length: number | null;
  area: number | null;
  angle_deg: number | null;
  statistics: RegionStatistics | null;
  /** Modality value or components under a point. */
  values: readonly number[];
  /** Unit of the modality values, as the file spells it. */
  unit: string;
  /** What makes standardized uptake values of them; null where the file does not allow it. */
  suv: Suv | null;
  /** One name a component; none for grey values. */
  components: readonly string[];
}

export function measure(
  shape: Shape,
  frame: Pick<MeasuredFrame, 'stored' | 'recipe'>,
): MeasurementResult {
  const { stored, recipe } = frame;
  const ruler = rulerFor(recipe, shape.points);
  const hasInside = isRegion(shape);
  // Indices into a palette are no quantity.
  const hasValues = stored.photometric_interpretation !== 'PALETTE COLOR';
  const statistics = hasInside && hasValues ? regionStatistics(stored, recipe, shape) : null;
  const [first] = shape.points;
  const isPoint = shape.kind === 'point' && first !== undefined && hasValues;
  return {
    ruler,
    length:
      hasInside || shape.kind === 'length' || shape.kind === 'polyline'
        ? shapeLength(shape, ruler.scale)
        : null,
    area: hasInside ? areaOf(shape, ruler, statistics) : null,
    angle_deg: angleOf(shape, ruler),
    statistics,
    values: isPoint ? valuesAtPoint(stored, recipe, first) : [],
    unit: stored.samples_per_pixel === 1 ? recipe.unit : '',
    suv: stored.samples_per_pixel === 1 ? recipe.suv : null,
    components: stored.samples_per_pixel === 3 ? componentNames(stored) : [],
  };
}

/** The area by formula; of an outline that crosses itself, that of its pixels. */
function areaOf(
  shape: Shape,
  { scale }: Ruler,
  statistics: RegionStatistics | null,
): number | null {
  const area = shapeArea(shape, scale);
  if (area !== null || statistics === null) return area;
  return (statistics.pixelCount + statistics.excludedCount) * scale.x * scale.y;
}

function angleOf(shape: Shape, { scale }: Ruler): number | null {
  if (shape.kind === 'angle') return angleDeg(shape, scale);
  return shape.kind === 'cobb' ? cobbAngleDeg(shape, scale) : null;
}

function componentNames({ photometric_interpretation }: StoredFrame): readonly string[] {
  return photometric_interpretation.startsWith('YBR') ? ['Y', 'Cb', 'Cr'] : ['R', 'G', 'B'];
}

/**
 * What stands beside a shape: what it is called, and how sure that is; where nobody named it, or it
 * is selected, what it measures.
 */
export function shapeLines(
  { label, score, shape }: Roi,
  result: MeasurementResult | null,
  isSelected: boolean,
): string[] {
  const name = [visibleText(label), score === null ? '' : formatValue(score)]
    .filter(Boolean)
    .join(' ');
  const figures = result === null ? [] : resultLines(shape, result);
  if (name === '') return figures;
  return isSelected ? [name, ...figures] : [name];
}

/** The figures of a shape, line by line. */
export function resultLines(shape: Shape, result: MeasurementResult): string[] {
  const { ruler, length, area, angle_deg } = result;
  if (angle_deg !== null) {
    return [shape.kind === 'cobb' ? `Cobb ${angleText(angle_deg)}` : angleText(angle_deg)];
  }
  if (shape.kind === 'point') {
    const suv = suvRows(result).map(({ name, value }) => `${name} ${value}`);
    return [valuesText(result.values, result), ...suv];
  }
  if (area !== null) return [...statisticsLines(result), areaText(area, ruler)];
  return length === null ? [] : [lengthText(length, ruler)];
}

function statisticsLines(result: MeasurementResult): string[] {
  const { statistics, components } = result;
  if (statistics === null) return [];
  const figure = (name: string) => `${name} ${figureText(result, name)}`;
  if (statistics.pixelCount === 0) return ['No pixel with a value'];
  if (components.length > 0) return [figure('Mean'), figure('SD')];
  const { min } = statistics.components[0] ?? { min: NaN };
  return [
    figure('Mean'),
    figure('SD'),
    `Min ${formatValue(min)}, max ${figureText(result, 'Max')}`,
    ...suvRows(result).map(({ name, value }) => `${name} ${value}`),
  ];
}

/** The figures of a region, by the names they have on the screen. */
const FIGURES: Readonly<Record<string, keyof ComponentStatistics>> = {
  Mean: 'mean',
  SD: 'sd',
  Min: 'min',
  Max: 'max',
  Median: 'median',
  Sum: 'sum',
};

function figureText(result: MeasurementResult, name: string): string {
  const figure = FIGURES[name] ?? 'mean';
  return valuesText(result.statistics?.components.map((one) => one[figure]) ?? [], result);
}

/** One figure with its name. */
interface ResultRow {
  name: string;
  value: string;
}

/** Standardized uptake: the value under a point, mean and maximum of a region. */
function suvRows({ suv, values, statistics }: MeasurementResult): ResultRow[] {
  if (suv === null) return [];
  const row = (name: string, value: number): ResultRow => ({
    name,
    value: `${formatValue(value * suv.factor)} ${visibleText(suv.unit)}`,
  });
  const [value] = values;
  const [figures] = statistics?.components ?? [];
  return [
    ...(value === undefined ? [] : [row(suv.kind, value)]),
    ...(figures === undefined
      ? []
      : [row(`${suv.kind} mean`, figures.mean), row(`${suv.kind} max`, figures.max)]),
  ];
}

/** Everything that is known of a shape, as lists show it. */
export function resultRows(shape: Shape, result: MeasurementResult): ResultRow[] {
  const { ruler, length, area, angle_deg, statistics, values } = result;
  const rows: ResultRow[] = [];
  const add = (name: string, value: string) => rows.push({ name, value });
  if (values.length > 0) {
    add('Value', valuesText(values, result));
    rows.push(...suvRows(result));
  }
  if (shape.kind === 'point') {
    const [{ x, y } = { x: NaN, y: NaN }] = shape.points;
    add('Column, row', `${String(Math.floor(x))}, ${String(Math.floor(y))}`);
  }
  if (angle_deg !== null) add('Angle', angleText(angle_deg));
  if (statistics !== null) {
    const { pixelCount, excludedCount } = statistics;
    for (const name of pixelCount > 0 ? Object.keys(FIGURES) : []) {
      add(name, figureText(result, name));
    }
    rows.push(...suvRows(result));
    const rest = excludedCount > 0 ? `, ${formatCount(excludedCount)} without a value` : '';
    add('Pixels', formatCount(pixelCount) + rest);
  }
  if (area !== null) add('Area', areaText(area, ruler));
  if (length !== null) add(area === null ? 'Length' : 'Outline', lengthText(length, ruler));
  if (shape.kind !== 'point') add('Distances', visibleText(ruler.reason));
  return rows;
}

/** `45.2 HU`, `R 12  G 40  B 9`. */
function valuesText(
  values: readonly number[],
  { unit, components }: Pick<MeasurementResult, 'unit' | 'components'>,
): string {
  if (components.length === 0) {
    const [value] = values;
    if (value === undefined) return 'No value';
    return [formatValue(value), visibleText(unit)].filter(Boolean).join(' ');
  }
  return values
    .map((value, index) => `${components[index] ?? ''} ${formatValue(value)}`)
    .join('  ');
}

/** Where something was measured, and what came of it. */
interface PlacedResult {
  ref: FrameRef;
  path: string;
  result: MeasurementResult;
}

interface KnownResult extends PlacedResult {
  /** Held weakly: a result must not keep a frame in memory. */
  stored: WeakRef<StoredFrame>;
}

/** Results by shape and frame; a shape that is gone takes its results along. */
export class Results {
  readonly #known = new WeakMap<Shape, Map<string, KnownResult>>();

  /** Measures, unless that was done before. */
  of(shape: Shape, frame: MeasuredFrame): MeasurementResult {
    const ofShape = this.#known.get(shape) ?? new Map<string, KnownResult>();
    const key = frameKey(frame.ref);
    const known = ofShape.get(key);
    if (known?.stored.deref() === frame.stored) return known.result;
    const { ref, path, stored } = frame;
    const result = measure(shape, frame);
    ofShape.set(key, { ref, path, result, stored: new WeakRef(stored) });
    this.#known.set(shape, ofShape);
    return result;
  }

  /** What a shape was on each frame on which it was seen, file by file. */
  all(shape: Shape): readonly PlacedResult[] {
    const known = [...(this.#known.get(shape)?.values() ?? [])];
    return known.sort(
      (one, other) => one.ref.file - other.ref.file || one.ref.frame_index - other.ref.frame_index,
    );
  }
}
