import { expect, test } from 'vitest';

import { flipHorizontally, resolveCamera, UPRIGHT, type View } from './camera';
import { viewLike, type Standing } from './viewLike';

/** An image of 100 x 100 in a viewport of 400 x 400, which fits at 4 CSS pixels a pixel. */
function standing(view: Partial<View>, pixel_mm: number | null, size = 100): Standing {
  const image = { width: size, height: size };
  const whole: View = { zoom: 'fit', center: null, orientation: UPRIGHT };
  return {
    image,
    camera: resolveCamera({ ...whole, ...view }, image, { width: 400, height: 400 }),
    pixel_mm: pixel_mm === null ? null : { width: pixel_mm, height: pixel_mm },
  };
}

test('a millimetre is as long on the screen in both, where both have millimetres', () => {
  // 8 CSS pixels for 2 mm are 4 a millimetre; 20 columns of 2 mm from the middle are 80 of 0.5 mm.
  const other = standing({ zoom: 8, center: { x: 70, y: 50 } }, 2);
  expect(viewLike(other, standing({}, 0.5, 400), null)).toEqual({
    zoom: 2,
    center: { x: 280, y: 200 },
    orientation: UPRIGHT,
  });
});

test('else it is enlarged as much, and moved by the same part of the image', () => {
  const other = standing({ zoom: 8, center: { x: 75, y: 50 } }, null);
  // Twice what fits; 400 pixels fit at 1.
  expect(viewLike(other, standing({}, 0.5, 400), null)).toEqual({
    zoom: 2,
    center: { x: 300, y: 200 },
    orientation: UPRIGHT,
  });
});

test('a place that is known to be the same comes to the middle, and turns stay', () => {
  const orientation = flipHorizontally(UPRIGHT);
  const view = viewLike(standing({ zoom: 8 }, 1), standing({ orientation }, 1), { x: 3, y: 4 });
  expect(view).toEqual({ zoom: 8, center: { x: 3, y: 4 }, orientation });
});

test('the zoom stays within its limits', () => {
  expect(viewLike(standing({ zoom: 60 }, 1), standing({}, 10), null).zoom).toBe(64);
});
