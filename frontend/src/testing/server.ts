import { onTestFinished, vi } from 'vitest';

import type { FileEntry, FileList, Recipe } from '../api/types.gen';
import type { FrameRef } from '../dicom/frameRef';

/** Where the page under test is: below a prefix, as behind a proxy. */
export const BASE = 'http://viewer.test/some/prefix/';

type Answer = Response | Promise<Response>;

/** Puts a server in the place of `fetch` for one test; paths are relative to BASE. Gives what was asked. */
export function serve(answer: (path: string, request: RequestInit) => Answer): string[] {
  const asked: string[] = [];
  vi.stubGlobal('fetch', (input: URL, request: RequestInit) => {
    const path = input.href.replace(BASE, '');
    asked.push(path);
    const { signal } = request;
    return new Promise<Response>((resolve, reject) => {
      signal?.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
      Promise.resolve()
        .then(() => answer(path, request))
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

/** A raw frame of 2 rows and 3 columns, signed 16 bits. */
export function rawFrame(values: readonly number[], recipeId = 'r1'): Response {
  return new Response(Int16Array.from(values).buffer, { headers: frameHeaders(recipeId) });
}

/** The same as an entry of a batch. */
export function batchEntry(
  ref: FrameRef,
  values: readonly number[],
  recipeId = 'r1',
): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(Int16Array.from(values).buffer);
  return packed(ref, 200, frameHeaders(recipeId), body);
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
    repairs: [],
    ...change,
  };
}

/** One listed CT slice; series `1.2.3` unless told otherwise. */
export function entry(index: number, change: Partial<FileEntry> = {}): FileEntry {
  return {
    index,
    path: `/data/${String(index)}.dcm`,
    label: '',
    patient_id: 'P1',
    patient_name: 'DOE^JANE',
    study_instance_uid: '1.2',
    study_date: '20240131',
    study_description: 'Abdomen',
    series_instance_uid: '1.2.3',
    series_number: '1',
    series_description: 'Portal venous',
    modality: 'CT',
    instance_number: String(index + 1),
    sop_instance_uid: `1.2.3.${String(index)}`,
    has_pixels: true,
    frame_count: 1,
    rows: 2,
    columns: 3,
    transfer_syntax_uid: '1.2.840.10008.1.2.1',
    default_window: null,
    status: 'shown',
    note: '',
    ...change,
  };
}

export function fileList(files: FileEntry[], change: Partial<FileList> = {}): FileList {
  return {
    files,
    tunnelled: false,
    tunnel_host: null,
    server_start_ms: 1,
    scan_complete: true,
    scanned: files.length,
    skipped: 0,
    filtered: 0,
    skipped_files: [],
    warnings: [],
    ...change,
  };
}
