/** Selecting ROIs and taking them along, in a session on a served contract. */
import { flushSync } from 'svelte';
import { beforeEach, describe, expect, test } from 'vitest';

import { bareRoi, type Roi } from '../../dicom/roi';
import type { Shape } from '../../dicom/shapes';
import {
  BASE,
  detail,
  json,
  lists,
  rawFrame,
  recipe,
  series,
  seriesList,
  serve,
  stack,
} from '../../testing/server';
import { Session } from '../session';
import { chosenFrames, copySelected, spanSelected } from './roiFrames';

let session: Session;

/** Frames of three columns and two rows: three files of one, or one file of three. */
async function open(isOneFile: boolean): Promise<void> {
  const refs = [0, 1, 2].map((index) =>
    isOneFile ? { file: 0, frame_index: index } : { file: index, frame_index: 0 },
  );
  const row = series(0, { file_count: isOneFile ? 1 : 3, frame_count: 3 });
  const whole = detail(row, isOneFile ? [0] : [0, 1, 2], [stack(refs)]);
  if (isOneFile) whole.instances.frame_count = [3];
  const listed = lists(seriesList([row]), [whole]);
  serve((path) => {
    if (path.endsWith('/recipe')) return json(recipe());
    return listed(path) ?? rawFrame([10, 20, 30, 40, 50, 60]);
  });
  session = new Session({ base: BASE, token: null });
  session.viewer.framing.viewport = { width: 300, height: 200 };
  await session.start();
  await idle();
}

async function idle(): Promise<void> {
  const { viewer, navigator } = session;
  while (viewer.isLoading || navigator.isOpening)
    await new Promise((resolve) => setTimeout(resolve));
  flushSync();
}

function add(file: number, label: string, parts: Partial<Roi> = {}): void {
  const points = [
    { x: 0.5, y: 0.5 },
    { x: 1.5, y: 1.5 },
  ];
  const shape: Shape = { kind: 'rectangle', points };
  session.rois.add(file, [{ ...bareRoi(shape, 'all'), label, ...parts }]);
}

const selected = () => session.pane.editor.selected.map(({ roi }) => roi.label);
const labels = (file: number) => session.rois.of(file).map(({ roi }) => roi.label);
const corners = (file: number) => session.rois.of(file).map(({ roi }) => roi.shape.points[0]);

describe('in a stack of files', () => {
  beforeEach(() => open(false));

  test('all that may be changed is selected first, and then what may not as well', () => {
    add(0, 'a');
    add(0, 'model', { locked: true });
    add(1, 'elsewhere');
    session.run('select-all');
    expect(selected()).toEqual(['a']);
    session.run('select-all');
    expect(selected()).toEqual(['a', 'model']);
  });

  test('steps go through the frames that have ROIs, round and round', async () => {
    add(0, 'a');
    add(0, 'b');
    add(2, 'c');
    session.rois.select([]);
    const seen: string[][] = [];
    for (let step = 0; step < 4; step++) {
      session.run('next-roi');
      await idle();
      seen.push(selected());
    }
    expect(seen).toEqual([['a'], ['b'], ['c'], ['a']]);
    session.run('previous-roi');
    await idle();
    expect([selected(), session.viewer.seen?.ref.file]).toEqual([['c'], 2]);
  });

  test('what is hidden is stepped over', async () => {
    add(0, 'a');
    add(1, 'doubtful', { score: 0.1 });
    add(2, 'b');
    session.rois.leastScore = 0.5;
    session.rois.select([session.rois.of(0)[0]?.key ?? '']);
    session.run('next-roi');
    await idle();
    expect(selected()).toEqual(['b']);
  });

  test('copies keep what they say, and lie on another frame where the originals do', async () => {
    add(0, 'a', { note: 'spiculated', score: 0.9 });
    session.run('copy-rois');
    session.viewer.step(1);
    await idle();
    session.run('paste-rois');
    expect(session.rois.of(1)[0]?.roi).toMatchObject({
      label: 'a',
      note: 'spiculated',
      score: 0.9,
    });
    expect(corners(1)).toEqual([{ x: 0.5, y: 0.5 }]);
    expect(selected()).toEqual(['a']);
    expect(session.rois.of(1)[0]?.roi.id).not.toBe(session.rois.of(0)[0]?.roi.id);
  });

  test('a duplicate lies beside the original and is undone in one step', () => {
    add(0, 'a');
    session.run('duplicate-rois');
    // Twelve of a hundred CSS pixels for a pixel.
    expect(corners(0)).toEqual([
      { x: 0.5, y: 0.5 },
      { x: 0.62, y: 0.62 },
    ]);
    session.run('undo');
    expect(labels(0)).toEqual(['a']);
  });

  test('what is cut is gone and can be pasted, what is locked stays', () => {
    add(0, 'a');
    add(0, 'model', { locked: true });
    session.rois.select(session.rois.of(0).map(({ key }) => key));
    session.run('cut-rois');
    expect(labels(0)).toEqual(['model']);
    session.run('paste-rois');
    expect(session.rois.of(0).map(({ roi }) => [roi.label, roi.locked])).toEqual([
      ['model', true],
      ['a', false],
      ['model', false],
    ]);
  });

  test('what lies outside of the image is moved inside, what is larger is left out and told', async () => {
    const rectangle = (right: number, bottom: number): Shape => ({
      kind: 'rectangle',
      points: [
        { x: right - 1, y: bottom - 1 },
        { x: right, y: bottom },
      ],
    });
    const wide: Shape = {
      kind: 'length',
      points: [
        { x: 0, y: 0 },
        { x: 9, y: 0 },
      ],
    };
    // As on a larger image.
    add(1, 'far', { shape: rectangle(8, 9) });
    add(1, 'wide', { shape: wide });
    session.viewer.step(1);
    await idle();
    session.run('select-all');
    session.run('copy-rois');
    session.viewer.step(-1);
    await idle();
    session.run('paste-rois');
    expect(session.rois.of(0).map(({ roi }) => roi.shape.points)).toEqual([rectangle(3, 2).points]);
    expect(session.notices.items.map(({ message }) => message)).toEqual([
      '1 ROI larger than the image left out',
    ]);
  });

  test('what is copied is text that other programs read', () => {
    let text = '';
    session.onCopyText((copied) => (text = copied));
    add(0, 'a');
    session.run('copy-rois');
    const { format, version, files } = JSON.parse(text) as {
      format: string;
      version: number;
      files: { rois: { kind: string; label: string }[] }[];
    };
    expect([format, version]).toEqual(['dcmview-rois', 1]);
    expect(files[0]?.rois[0]).toMatchObject({ kind: 'rectangle', label: 'a' });
  });

  test('a copy goes to the frames that were chosen, and to the one that is seen not again', () => {
    add(0, 'a');
    expect(copySelected(session, { kind: 'next', count: 1 })).toBe(1);
    expect([0, 1, 2].map((file) => labels(file).length)).toEqual([1, 1, 0]);
    expect(copySelected(session, { kind: 'range', first: 3, last: 1 })).toBe(2);
    expect([0, 1, 2].map((file) => labels(file).length)).toEqual([1, 2, 1]);
    expect(copySelected(session, { kind: 'next', count: 0 })).toBe(0);
  });
});

describe('in a file of three frames', () => {
  beforeEach(() => open(true));

  const frames = () => session.rois.of(0).map(({ roi }) => roi.frames);

  test('the same ROI is seen on this frame, on some, on all', () => {
    add(0, 'a', { frames: [0] });
    session.run('all-frames');
    expect(frames()).toEqual(['all']);
    session.run('this-frame-only');
    expect(frames()).toEqual([[0]]);
    spanSelected(session, { kind: 'next', count: 1 });
    expect(frames()).toEqual([[0, 1]]);
    spanSelected(session, { kind: 'range', first: 1, last: 3 });
    expect(frames()).toEqual([[0, 1, 2]]);
  });

  test('copies on other frames are each an ROI of its own', () => {
    add(0, 'a', { frames: [0] });
    expect(copySelected(session, { kind: 'all' })).toBe(2);
    expect(frames()).toEqual([[0], [1], [2]]);
    session.run('undo');
    expect(frames()).toEqual([[0]]);
  });

  test('frames of a range are told before anything is done', () => {
    expect(chosenFrames(session, { kind: 'range', first: 2, last: 3 })).toEqual([
      { file: 0, frame_index: 1 },
      { file: 0, frame_index: 2 },
    ]);
  });
});
