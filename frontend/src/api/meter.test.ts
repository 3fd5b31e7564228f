import { afterEach, expect, test, vi } from 'vitest';

import { Meter, type Transfer } from './meter';

type Entry = Partial<PerformanceResourceTiming>;

/** A browser whose entries come when told to. */
function measured() {
  let send: (entries: Entry[]) => void = () => undefined;
  class Observer {
    static supportedEntryTypes = ['resource'];
    constructor(callback: (list: { getEntries: () => Entry[] }) => void) {
      send = (entries) => {
        callback({ getEntries: () => entries });
      };
    }
    observe() {
      // Entries come when told to.
    }
  }
  vi.stubGlobal('PerformanceObserver', Observer);
  const heard: Transfer[] = [];
  const meter = new Meter((transfer) => heard.push(transfer));
  return { meter, heard, send };
}

afterEach(() => vi.unstubAllGlobals());

const ENTRY = { name: 'http://viewer.test/raw', initiatorType: 'fetch' };

test('the time of an answer is that of its body, by the clock of the browser', () => {
  const { meter, heard, send } = measured();
  meter.note(ENTRY.name, 1_000, 'reduced');
  send([{ ...ENTRY, startTime: 0, responseStart: 40, responseEnd: 140 }]);
  expect(heard).toEqual([{ bytes: 1_000, seconds: 0.1, kind: 'reduced' }]);
});

test('the browser may tell the time before the page has read the answer', () => {
  const { meter, heard, send } = measured();
  send([{ ...ENTRY, responseStart: 40, responseEnd: 90 }]);
  expect(heard).toEqual([]);
  meter.note(ENTRY.name, 1_000, 'full');
  expect(heard).toEqual([{ bytes: 1_000, seconds: 0.05, kind: 'full' }]);
});

test('an answer that was aborted before it began does not count', () => {
  const { meter, heard, send } = measured();
  send([{ ...ENTRY, responseStart: 0, responseEnd: 90 }]);
  meter.note(ENTRY.name, 1_000, 'full');
  expect(heard).toEqual([]);
});

test('the script of the page is the first measure of the line, unless it was kept', () => {
  const { heard, send } = measured();
  const script = { name: 'http://viewer.test/a.js', initiatorType: 'script', decodedBodySize: 900 };
  const times = { responseStart: 10, responseEnd: 30, encodedBodySize: 300 };
  send([{ ...script, ...times, transferSize: 0 }]);
  expect(heard).toEqual([]);
  send([{ ...script, ...times, transferSize: 600 }]);
  expect(heard).toEqual([{ bytes: 900, seconds: 0.02, kind: 'script' }]);
});
