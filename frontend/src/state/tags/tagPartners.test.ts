import { expect, test } from 'vitest';

import type { FrameRef } from '../../dicom/frameRef';
import { partnersOf, spotOf, type Viewed } from './tagPartners';

function viewed(frames: FrameRef[], position: number): Viewed {
  const fileOf = (index: number) => ({
    index,
    path: `/data/slice-${String(index)}.dcm`,
    instance_number: '',
    rows: 1,
    columns: 1,
    has_pixels: true,
    frame_count: 1,
    status: 'shown' as const,
    note: '',
  });
  const ref = frames[position] ?? null;
  return { frames, position, file: fileOf(ref?.file ?? 9), scroll: { ref, fileOf } };
}

const slices = [1, 2, 3].map((file) => ({ file, frame_index: 0 }));
const said = (here: Viewed, others: Viewed[] = []) =>
  partnersOf(here, { others, pinned: null }).map(({ name, spot }) => `${name}: ${spot.label}`);

test('a slice has the slices beside it', () => {
  expect(said(viewed(slices, 1))).toEqual(['Previous: slice-1.dcm', 'Next: slice-3.dcm']);
  expect(said(viewed(slices, 0))).toEqual(['Next: slice-2.dcm']);
});

test('a frame of several has the frames beside it, counted from 1', () => {
  const frames = [0, 1, 2].map((frame_index) => ({ file: 4, frame_index }));
  expect(said(viewed(frames, 2))).toEqual(['Previous: slice-4.dcm frame 2']);
});

test('an object without an image has what was pinned and what other panes show', () => {
  const report = viewed([], 0);
  expect(spotOf(report)).toEqual({ ref: { file: 9, frame_index: 0 }, label: 'slice-9.dcm' });
  const pinned = spotOf(viewed(slices, 0));
  const partners = partnersOf(report, { others: [viewed(slices, 2)], pinned });
  expect(partners.map(({ id, spot }) => [id, spot.label])).toEqual([
    ['pane-0', 'slice-3.dcm'],
    ['pinned', 'slice-1.dcm'],
  ]);
});
