import { expect, test } from 'vitest';

import { Toolbox } from './toolbox.svelte';

test('a drawing tool is taken up with its last kind, and asked again goes on to the next', () => {
  const toolbox = new Toolbox();
  expect(toolbox.shapeKind).toBeNull();
  const seen = Array.from({ length: 5 }, () => {
    toolbox.cycle('region');
    return toolbox.shapeKind;
  });
  expect(seen).toEqual(['rectangle', 'ellipse', 'polygon', 'freehand', 'rectangle']);
  toolbox.draw('polygon');
  toolbox.cycle('measure');
  expect(toolbox.shapeKind).toBe('length');
  toolbox.cycle('region');
  expect(toolbox.shapeKind).toBe('polygon');
});

test('other tools draw nothing', () => {
  const toolbox = new Toolbox();
  toolbox.draw('angle');
  toolbox.tool = 'pan';
  expect(toolbox.shapeKind).toBeNull();
});
