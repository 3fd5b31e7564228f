// @vitest-environment happy-dom
import { cleanup, configure, fireEvent, render, screen, within } from '@testing-library/svelte';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';

import type { SeriesDetail, SeriesList } from '../api/types.gen';
import {
  BASE,
  detail,
  failure,
  heldStream,
  json,
  lists,
  rawFrame,
  recipe,
  series,
  seriesList,
  serve,
  stack,
} from '../testing/server';
import { LIMIT_MS, eventually } from '../testing/waiting';
import { Session } from '../state/session';
import App from './App.svelte';

configure({ asyncUtilTimeout: LIMIT_MS });
afterEach(cleanup);

/** What the layout of a real browser would give: happy-dom has none, so no list row would be in sight. */
Object.defineProperty(HTMLElement.prototype, 'clientHeight', { get: () => 600 });
Object.defineProperty(HTMLElement.prototype, 'clientWidth', { get: () => 600 });

/** A 2D canvas that draws nowhere: pixels are the business of the render tests. */
vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockImplementation(((kind: string) =>
  kind === '2d'
    ? {
        clearRect: () => undefined,
        setTransform: () => undefined,
        resetTransform: () => undefined,
        drawImage: () => undefined,
        putImageData: () => undefined,
        createImageData: (width: number, height: number) => ({
          data: new Uint8ClampedArray(width * height * 4),
        }),
      }
    : null) as typeof HTMLCanvasElement.prototype.getContext);

/** The page as `main.ts` puts it up. */
function show() {
  const session = new Session({ base: BASE, token: null });
  onTestFinished(() => {
    session.stop();
  });
  void session.start();
  render(App, { session });
}

const frameOfZeros = () => rawFrame([0, 0, 0, 0, 0, 0]);

function open(list: SeriesList, details?: readonly SeriesDetail[], frame = frameOfZeros) {
  const listed = lists(list, details);
  serve((path) => {
    const answer = listed(path);
    if (answer !== null) return answer;
    if (path.endsWith('/recipe')) return json(recipe());
    if (path.endsWith('/tags')) {
      const value = { type: 'string', value: '<b>DOE</b>^JANE' };
      return json([{ tag: '(0010,0010)', vr: 'PN', keyword: 'PatientName', value }]);
    }
    return frame();
  });
  show();
}

const LIST = seriesList([series(0, { file_count: 3, frame_count: 3 })]);
const SLICES = [detail(series(0), [0, 1, 2])];

test('the list, the picture and its slider come up together', async () => {
  open(LIST, SLICES);
  await screen.findByLabelText('Image 1 of 3');
  const row = screen.getByRole('treeitem', { name: /Portal venous/ });
  expect(row.getAttribute('aria-selected')).toBe('true');
  expect(screen.getByRole('slider', { name: 'Frame' }).getAttribute('aria-valuetext')).toBe(
    'Frame 1 of 3',
  );
});

test('arrow keys step through frames', async () => {
  open(LIST, SLICES);
  await screen.findByLabelText('Image 1 of 3');
  await fireEvent.keyDown(document.body, { key: 'ArrowRight' });
  await screen.findByLabelText('Image 2 of 3');
});

test('typing in the filter field is typing, and says how much is left', async () => {
  open(LIST, SLICES);
  await screen.findByLabelText('Image 1 of 3');
  await fireEvent.keyDown(document.body, { key: '/' });
  const field = screen.getByRole('searchbox', { name: 'Filter the list' });
  expect(document.activeElement).toBe(field);
  await fireEvent.keyDown(field, { key: 'i' });
  const invert = await screen.findByRole('button', { name: 'Invert' });
  expect(invert.getAttribute('aria-pressed')).toBe('false');
  await fireEvent.input(field, { target: { value: 'nobody' } });
  expect(screen.getByText('0 of 1 shown')).toBeDefined();
  expect(screen.getByText('Nothing in the list has “nobody”.')).toBeDefined();
});

test('every tool button has a name, a key and a state', async () => {
  open(LIST, SLICES);
  await screen.findByLabelText('Image 1 of 3');
  const toolbar = within(await screen.findByRole('banner', { name: 'Tools' }));
  for (const button of toolbar.getAllByRole('button')) {
    expect(button.getAttribute('aria-label')).toBeTruthy();
    expect(button.getAttribute('aria-keyshortcuts')).toBeTruthy();
  }
  const pan = toolbar.getByRole('button', { name: 'Pan' });
  await fireEvent.keyDown(document.body, { key: 'p' });
  expect(pan.getAttribute('aria-pressed')).toBe('true');
});

test('a failure stands where the picture would be, with its code', async () => {
  open(LIST, SLICES, () => failure('decoder gave up', 'decode_failed', 422));
  const alert = await screen.findByText('decoder gave up');
  expect(alert.parentElement?.textContent).toContain('decode_failed');
  expect(screen.getByRole('button', { name: 'Try again' })).toBeDefined();
});

test('an object without pixels says what it is and offers its tags', async () => {
  const object = series(0, { image_count: 0, frame_count: 0, note: 'Basic Text SR' });
  const stacks = [stack([{ file: 0, frame_index: 0 }], { has_pixels: false })];
  open(seriesList([object]), [detail(object, [0], stacks)]);
  await screen.findByRole('heading', { name: 'Basic Text SR' });
  await fireEvent.click(screen.getByRole('button', { name: 'Show tags' }));
  // The panel is fetched first. Text of a file stays text.
  const value = await screen.findByText('<b>DOE</b>^JANE');
  expect(value.tagName).toBe('SPAN');
});

test('a folder without DICOM files says what was seen', async () => {
  open(seriesList([], { scanned: 12, skipped: 12 }));
  await screen.findByRole('heading', { name: 'No DICOM files here' });
  expect(screen.getByText(/12 files looked at, 12 skipped/)).toBeDefined();
});

test('a missing token is explained', async () => {
  serve(() => failure('no token', 'unauthorized', 401));
  show();
  await screen.findByRole('heading', { name: 'This server asks for a token' });
});

test('the list is walked with the keys of a tree', async () => {
  open(seriesList([series(0), series(1, { series_description: 'Late' })]));
  await screen.findByLabelText('Image 1 of 1');
  const focused = () => document.activeElement?.textContent.trim();
  const press = (key: string) =>
    fireEvent.keyDown(document.activeElement ?? document.body, { key });

  screen.getByRole('treeitem', { name: /Portal venous/ }).focus();
  await press('ArrowDown');
  await eventually(() => expect(focused()).toContain('Late'));
  await press('Enter');
  const late = screen.getByRole('treeitem', { name: /Late/ });
  expect(late.getAttribute('aria-selected')).toBe('true');
  // What was opened has the focus, so that arrow keys step through it at once.
  expect(document.activeElement).toBe(screen.getByRole('region', { name: 'Viewport' }));

  late.focus();
  await press('ArrowLeft');
  await eventually(() => expect(focused()).toContain('Abdomen'));
  await press('ArrowLeft');
  expect(screen.queryByRole('treeitem', { name: /Late/ })).toBeNull();
  await press('ArrowRight');
  expect(screen.getByRole('treeitem', { name: /Late/ })).toBeDefined();
});

test('of a long list only the rows in sight are in the document', async () => {
  const rows = Array.from({ length: 5_000 }, (_, index) =>
    series(index, { series_description: `S${String(index)}` }),
  );
  open(seriesList(rows));
  await screen.findByLabelText('Image 1 of 1');
  expect(screen.getAllByRole('treeitem').length).toBeLessThan(60);
});

test('what is looked at stays where it is while the list grows above it', async () => {
  const { response, send, end } = heldStream();
  const listed = lists(LIST, SLICES);
  serve((path) => {
    if (path.startsWith('api/series?')) return response;
    return listed(path) ?? (path.endsWith('/recipe') ? json(recipe()) : frameOfZeros());
  });
  show();
  send(seriesList([series(0, { series_number: '500' })], { scan_complete: false }));
  await screen.findByLabelText('Image 1 of 3');
  const tree = screen.getByRole('tree');
  expect(tree.scrollTop).toBe(0);
  const earlier = Array.from({ length: 100 }, (_, index) => series(index + 1));
  send(seriesList(earlier, { patients: [], studies: [] }));
  end();
  // A hundred rows of 52 pixels.
  await eventually(() => expect(tree.scrollTop).toBe(5_200));
});

test('a second slider goes through the values of a dimension', async () => {
  const at = (file: number) => ({ file, frame_index: 0 });
  const grid = stack([0, 1, 2, 3].map(at), {
    position_index: [0, 1, 0, 1],
    dimension_index: [0, 0, 1, 1],
    dimension: { name: 'Echo Time', unit: 'ms', values: ['20', '80'] },
  });
  open(seriesList([series(0)]), [detail(series(0), [0, 1, 2, 3], [grid])]);
  await screen.findByLabelText('Image 1 of 2');
  const slider = screen.getByRole('slider', { name: 'Echo Time' });
  expect(slider.getAttribute('aria-valuetext')).toBe('20 ms, 1 of 2');
  await fireEvent.input(slider, { target: { value: '2' } });
  await eventually(() => expect(slider.getAttribute('aria-valuetext')).toBe('80 ms, 2 of 2'));
  await fireEvent.keyDown(document.body, { key: ',' });
  expect(slider.getAttribute('aria-valuetext')).toBe('20 ms, 1 of 2');
});

test('a stack says what its order was taken from, and what is to be known of it', async () => {
  const at = (file: number) => ({ file, frame_index: 0 });
  const warnings = ['No position in the patient; ordered by Instance Number', 'One is missing'];
  const row = stack([0, 1].map(at), { ordered_by: 'instance_number', warnings });
  open(seriesList([series(0)]), [detail(series(0), [0, 1], [row])]);
  await screen.findByText('by Instance Number');
  const note = screen.getByRole('button', { name: '2 notes' });
  const told = document.getElementById(note.getAttribute('aria-describedby') ?? '');
  expect([...(told?.children ?? [])].map(({ textContent }) => textContent)).toEqual(warnings);
});
