import { onTestFinished, vi } from 'vitest';

import type {
  PatientRow,
  Recipe,
  Report,
  SeriesDetail,
  SeriesList,
  SeriesRow,
  StackGeometry,
  StackRow,
  StudyRow,
} from '../api/types.gen';
import type { FrameRef } from '../dicom/frameRef';

/** Where the page under test is: below a prefix, as behind a proxy. */
export const BASE = 'http://viewer.test/some/prefix/';

type Answer = Response | Promise<Response>;

/** What a server answers that has no ROIs, to tests that are not about them. */
const NO_ROIS = {
  revision: 0,
  files: [],
  unlisted_files: 0,
  labels: [],
  saved_in: null,
  unsaved_files: 0,
  save_error: '',
};

/** The same of marks of triage. */
const NO_MARKS = {
  revision: 0,
  marks: [],
  counts: { keep: 0, reject: 0, unsure: 0 },
  images: 0,
  unlisted_files: 0,
};

function roiAnswer(path: string): Answer | null {
  if (/^api\/rois\?/.test(path)) return json(NO_ROIS);
  return /^api\/rois\/files\?/.test(path) ? never() : null;
}

/** Puts a server in the place of `fetch` for one test; paths are relative to BASE. Gives what was asked. */
export function serve(
  answer: (path: string, request: RequestInit) => Answer,
  { isAboutRois = false, isAboutTriage = false } = {},
): string[] {
  const usual = (path: string) => {
    if (!isAboutTriage && /^api\/triage\?/.test(path)) return json(NO_MARKS);
    return isAboutRois ? null : roiAnswer(path);
  };
  const asked: string[] = [];
  vi.stubGlobal('fetch', (input: URL, request: RequestInit) => {
    const path = input.href.replace(BASE, '');
    if (usual(path) === null) asked.push(path);
    const { signal } = request;
    return new Promise<Response>((resolve, reject) => {
      signal?.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
      Promise.resolve()
        .then(() => usual(path) ?? answer(path, request))
        .then(resolve, reject);
    });
  });
  onTestFinished(() => {
    // What still runs in the background must not reach the network, nor the next test.
    vi.stubGlobal('fetch', never);
  });
  return asked;
}

export function json(body: unknown, status = 200): Response {
  return Response.json(body, { status });
}

/** An answer that never comes, as from a slow decoder. */
export function never(): Promise<Response> {
  return new Promise(() => undefined);
}

export function failure(error: string, code: string, status: number): Response {
  return json({ error, code }, status);
}

/** What the server says about a raw frame of 2 rows and 3 columns, signed 16 bits. */
function frameHeaders(recipeId: string): Record<string, string> {
  return {
    'x-frame-rows': '2',
    'x-frame-columns': '3',
    'x-frame-bits-allocated': '16',
    'x-frame-pixel-representation': '1',
    'x-frame-samples-per-pixel': '1',
    'x-frame-photometric-interpretation': 'MONOCHROME2',
    'x-frame-recipe': recipeId,
  };
}

/** A raw frame of 2 rows and 3 columns, signed 16 bits, unless headers say otherwise. */
export function rawFrame(
  values: readonly number[],
  recipeId = 'r1',
  headers: Record<string, string> = {},
): Response {
  return new Response(Int16Array.from(values).buffer, {
    headers: { ...frameHeaders(recipeId), ...headers },
  });
}

/** The same as an entry of a batch. */
export function batchEntry(
  ref: FrameRef,
  values: readonly number[],
  recipeId = 'r1',
  headers: Record<string, string> = {},
): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(Int16Array.from(values).buffer);
  return packed(ref, 200, { ...frameHeaders(recipeId), ...headers }, body);
}

/** A frame of a batch that cannot be had. */
export function batchFailure(
  ref: FrameRef,
  error: string,
  code: string,
  status: number,
): Uint8Array<ArrayBuffer> {
  return packed(ref, status, {}, new TextEncoder().encode(JSON.stringify({ error, code })));
}

/** The frames that a batch request asks for, in its order. */
export function batchRefs(path: string): FrameRef[] {
  const ranges = new URL(path, BASE).searchParams.get('frames')?.split(',') ?? [];
  return ranges.flatMap((range) => {
    const [file = NaN, first = NaN, last = first] = range.split(/[:-]/).map(Number);
    return Array.from({ length: last - first + 1 }, (_, offset) => ({
      file,
      frame_index: first + offset,
    }));
  });
}

/** A batch with all frames that are asked for. */
export function batch(path: string, values: (ref: FrameRef) => readonly number[]): Response {
  return new Response(new Blob(batchRefs(path).map((ref) => batchEntry(ref, values(ref)))));
}

function packed(
  { file, frame_index }: FrameRef,
  status: number,
  headers: Record<string, string>,
  body: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const header = new TextEncoder().encode(
    JSON.stringify({ file, frame: frame_index, length: body.length, status, headers }),
  );
  const entry = new Uint8Array(4 + header.length + body.length);
  new DataView(entry.buffer).setUint32(0, header.length, true);
  entry.set(header, 4);
  entry.set(body, 4 + header.length);
  return entry;
}

export function recipe(change: Partial<Recipe> = {}): Recipe {
  return {
    id: 'r1',
    photometric_interpretation: 'MONOCHROME2',
    modality: { kind: 'rescale', slope: 1, intercept: -1024 },
    unit: 'HU',
    voi: [{ kind: 'window', center: 40, width: 400, function: 'LINEAR', explanation: '' }],
    inverted: false,
    padding: null,
    overlays: [],
    shutter: null,
    pixel_aspect: { vertical: 1, horizontal: 1 },
    has_icc_profile: false,
    real_world: [],
    spacing: null,
    regions: [],
    suv: null,
    suv_note: '',
    patient_orientation: [],
    repairs: [],
    ...change,
  };
}

export function patient(index: number, change: Partial<PatientRow> = {}): PatientRow {
  return { index, patient_id: 'P1', patient_name: 'DOE^JANE', ...change };
}

export function study(index: number, change: Partial<StudyRow> = {}): StudyRow {
  return {
    index,
    patient: 0,
    study_instance_uid: `1.2.${String(index)}`,
    study_date: '20240131',
    study_time: '',
    study_description: 'Abdomen',
    ...change,
  };
}

/** A CT series of one image in study 0. */
export function series(index: number, change: Partial<SeriesRow> = {}): SeriesRow {
  return {
    index,
    study: 0,
    series_instance_uid: `1.2.3.${String(index)}`,
    series_number: String(index + 1),
    series_description: 'Portal venous',
    modality: 'CT',
    file_count: 1,
    image_count: 1,
    frame_count: 1,
    rows: 2,
    columns: 3,
    size_bytes: 1_000,
    folder: '/data',
    file_name: `${String(index)}.dcm`,
    thumbnail: null,
    damaged: 0,
    note: '',
    warnings: [],
    ...change,
  };
}

/** The list of one patient with one study, unless told otherwise. */
export function seriesList(rows: SeriesRow[], change: Partial<SeriesList> = {}): SeriesList {
  return {
    revision: 1,
    patients: [patient(0)],
    studies: [study(0)],
    series: rows,
    scan_complete: true,
    scanned: rows.length,
    listed: rows.length,
    skipped: 0,
    filtered: 0,
    tunnelled: false,
    tunnel_host: null,
    server_start_ms: 1,
    warnings: [],
    ...change,
  };
}

/** The stream of lists, one a line. */
export function stream(...lists: SeriesList[]): Response {
  return new Response(lists.map((list) => `${JSON.stringify(list)}\n`).join(''));
}

/** A stream whose lines are sent one by one. */
export function heldStream(): {
  response: Response;
  send: (list: SeriesList) => void;
  end: () => void;
} {
  let controller: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({
    start: (given) => {
      controller = given;
    },
  });
  return {
    response: new Response(body),
    send: (list) => {
      controller.enqueue(new TextEncoder().encode(`${JSON.stringify(list)}\n`));
    },
    end: () => {
      controller.close();
    },
  };
}

/** A stack of frames without dimension, in the order in which they are given. */
export function stack(refs: readonly FrameRef[], change: Partial<StackRow> = {}): StackRow {
  return {
    key: 'k',
    label: '3 × 2',
    has_pixels: true,
    files: refs.map(({ file }) => file),
    frames: refs.map(({ frame_index }) => frame_index),
    position_index: refs.map((_, position) => position),
    dimension_index: [],
    dimension: null,
    ordered_by: 'position',
    direction: '',
    distances_mm: [],
    positions_mm: [],
    geometry: null,
    warnings: [],
    ...change,
  };
}

/** Axial planes with pixels of 1 mm. */
export function geometry(change: Partial<StackGeometry> = {}): StackGeometry {
  return {
    orientation: [1, 0, 0, 0, 1, 0],
    orientation_name: 'axial',
    normal: [0, 0, 1],
    origin: [0, 0, 0],
    row_spacing_mm: 1,
    column_spacing_mm: 1,
    spacing_source: 'PixelSpacing',
    is_spacing_in_patient: true,
    slice_spacing_mm: null,
    slice_spacing_source: '',
    slice_thickness_mm: null,
    gantry_tilt_deg: null,
    frame_of_reference_uid: '1.2.3.9',
    ...change,
  };
}

/** Single-frame files as one stack. */
export function detail(
  row: SeriesRow,
  files: readonly number[],
  stacks: StackRow[] = [stack(files.map((file) => ({ file, frame_index: 0 })))],
): SeriesDetail {
  const each = <Value>(value: (file: number) => Value) => files.map(value);
  return {
    series: { ...row, file_count: files.length, frame_count: files.length },
    instances: {
      index: [...files],
      path: each((file) => `${String(file)}.dcm`),
      sop_instance_uid: each((file) => `1.2.3.4.${String(file)}`),
      instance_number: each((file) => String(file + 1)),
      transfer_syntax_uid: each(() => '1.2.840.10008.1.2.1'),
      frame_count: each(() => 1),
      rows: each(() => row.rows),
      columns: each(() => row.columns),
      has_pixels: each(() => row.image_count > 0),
      status: each(() => (row.image_count > 0 ? 'shown' : 'no_pixels')),
      note: each(() => row.note),
    },
    stacks,
  };
}

export function report(change: Partial<Report> = {}): Report {
  return { complete: true, counts: {}, total: 0, paths: [], ...change };
}

/** Answers for lists and details; null for what is asked besides. */
export function lists(
  list: SeriesList,
  details: readonly SeriesDetail[] = list.series.map((row) => detail(row, [row.index])),
): (path: string) => Response | null {
  return (path) => {
    if (path.startsWith('api/series?')) return stream(list);
    if (path.startsWith('api/report?')) return json(report());
    const index = /^api\/series\/(\d+)$/.exec(path)?.[1];
    if (index === undefined) return null;
    const found = details.find(({ series: row }) => row.index === Number(index));
    return found ? json(found) : failure('there is no such series', 'unknown_series', 404);
  };
}
