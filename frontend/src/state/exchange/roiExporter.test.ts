import { expect, test } from 'vitest';

import { ApiError } from '../../api/apiError';
import type { RoiFile } from '../../api/roiFiles';
import type { RoiExportPreview } from '../../api/types.gen';
import { RoiExporter } from './roiExporter.svelte';

const PREVIEW: RoiExportPreview = { format: 'json', rois: 2, carried: 2, lost: [], missing: '' };
const FORM = { format: 'json', name: 'dcmview JSON' };
const FILE: RoiFile = { name: 'dcmview-annotations.json', content: new Blob(['{}']) };

const ignore = () => undefined;

test('the menu counts what there is each time it is opened', async () => {
  let rois = 2;
  const exporter = new RoiExporter(
    {
      previews: () => Promise.resolve([{ ...PREVIEW, rois }]),
      export: () => Promise.resolve(FILE),
    },
    ignore,
    ignore,
  );
  await exporter.look();
  expect(exporter.offers?.[0]?.preview.rois).toBe(2);
  rois = 3;
  const looking = exporter.look();
  expect(exporter.offers).toBeNull();
  await looking;
  expect(exporter.offers?.[0]?.preview.rois).toBe(3);
});

test('an export says how much has come, and is over when it is whole', async () => {
  let exported = 0;
  let heard: (bytes: number) => void = ignore;
  let finish: (file: RoiFile) => void = ignore;
  const exporter = new RoiExporter(
    {
      previews: () => Promise.resolve([]),
      export: (_, onBytes) => {
        heard = onBytes;
        return new Promise((resolve) => {
          finish = resolve;
        });
      },
    },
    ignore,
    () => {
      exported += 1;
    },
  );
  const taking = exporter.take(FORM);
  heard(1_000);
  expect(exporter.job).toEqual({ form: FORM, bytes: 1_000 });
  finish(FILE);
  expect(exported).toBe(0);
  expect(await taking).toBe(FILE);
  expect(exported).toBe(1);
  expect(exporter.job).toBeNull();
});

test('an export that is cancelled gives nothing and is no failure', async () => {
  const exporter = new RoiExporter(
    {
      previews: () => Promise.resolve([]),
      export: (_, __, signal) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => {
            reject(signal.reason as Error);
          });
        }),
    },
    ignore,
    ignore,
  );
  const taking = exporter.take(FORM);
  exporter.cancel();
  expect(await taking).toBeNull();
  expect(exporter.saveFailure).toBeNull();
  expect(exporter.job).toBeNull();
});

test('why an export failed is said where it was asked for', async () => {
  const exporter = new RoiExporter(
    {
      previews: () => Promise.resolve([]),
      export: () => Promise.reject(new ApiError('disk full', 'error', 500)),
    },
    ignore,
    ignore,
  );
  expect(await exporter.take(FORM)).toBeNull();
  expect(exporter.saveFailure?.message).toBe('disk full');
  await exporter.look();
  expect(exporter.saveFailure?.message).toBe('disk full');
});
