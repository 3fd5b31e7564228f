import { expect, test } from 'vitest';

import { explicitWindow } from '../../dicom/voi';
import { addressText, readAddress, UNTOUCHED, type Address } from './address';

const ref = (file: number, frame_index = 0) => ({ file, frame_index });

const ONE: Address = {
  grid: { rows: 1, columns: 1 },
  active: 0,
  frames: [ref(12, 3)],
  appearance: UNTOUCHED,
};

const FOUR: Address = {
  grid: { rows: 2, columns: 2 },
  active: 1,
  frames: [ref(4), ref(12, 3), null, ref(9, 1)],
  appearance: {
    view: {
      zoom: 2.5,
      center: { x: 100.25, y: -7.5 },
      orientation: { rotation_deg: 270, isMirrored: true },
    },
    choice: { kind: 'custom', window: explicitWindow(40, 400, 'SIGMOID'), unit: 'HU' },
    isInverted: true,
    colorMap: 'viridis',
  },
};

test('what nobody has touched makes a short link', () => {
  expect(addressText(ONE)).toBe('file=12&frame=3');
});

test('a link names frame, window, view and layout', () => {
  expect(addressText(FOUR)).toBe(
    'file=12&frame=3&c=40&w=400&function=SIGMOID&unit=HU&invert=1&map=viridis' +
      '&zoom=2.5&center=100.25,-7.50&rotate=270&mirror=1&layout=2x2&pane=2&p1=4,0&p4=9,1',
  );
});

test('what a link names is found again', () => {
  for (const address of [ONE, FOUR])
    expect(readAddress(`#${addressText(address)}`)).toEqual(address);
  for (const choice of [
    { kind: 'file', index: 2 },
    { kind: 'full' },
    { kind: 'percentile' },
    { kind: 'preset', name: 'lung' },
  ] as const) {
    const address = { ...ONE, appearance: { ...UNTOUCHED, choice } };
    expect(readAddress(addressText(address))?.appearance.choice).toEqual(choice);
  }
});

test('a window keeps all of its digits in a link', () => {
  for (const center of [0.1 + 0.2, -1 / 3, 1e-7, 5e20]) {
    const window = explicitWindow(center, 2 / 3, 'LINEAR_EXACT');
    const appearance = { ...UNTOUCHED, choice: { kind: 'custom', window } as const };
    expect(readAddress(addressText({ ...ONE, appearance }))?.appearance).toEqual(appearance);
  }
});

test('a link may name other panes than the active one', () => {
  expect(readAddress('layout=1x2&pane=2&p1=7,0')).toMatchObject({
    active: 1,
    frames: [ref(7), null],
  });
});

test('a link without a file opens nothing', () => {
  for (const fragment of ['', '#', '#c=40&w=400', '#file=-1', '#file=x', '#file=1e3', '#frame=2'])
    expect(readAddress(fragment)).toBeNull();
});

test('what cannot be is left out, and the rest holds', () => {
  const hostile = readAddress(
    '#file=1&frame=2&c=NaN&w=0&zoom=1e9&center=1e99,0&rotate=45&map=__proto__&window=<b>' +
      '&layout=50x50&pane=99&p2=0,0',
  );
  expect(hostile).toEqual({
    ...ONE,
    frames: [ref(1, 2)],
    appearance: { ...UNTOUCHED, view: { ...UNTOUCHED.view, zoom: 64 } },
  });
  expect(readAddress('file=1&frame=-3')).toBeNull();
  expect(readAddress('file=1&c=1&w=-5')?.appearance.choice).toEqual({ kind: 'default' });
});
