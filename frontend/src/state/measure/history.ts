/** What was, is and would be again: an undo stack without a limit that never changes itself. */
export interface History<Value> {
  readonly past: readonly Value[];
  readonly present: Value;
  readonly future: readonly Value[];
  /** Names what the last step did, so that the next of its kind can join it. */
  readonly lastStep: string;
}

export function beginHistory<Value>(present: Value): History<Value> {
  return { past: [], present, future: [], lastStep: '' };
}

/** Another present. Steps of the same name, where they have one, are undone together. */
export function record<Value>(
  { past, present, lastStep }: History<Value>,
  next: Value,
  step = '',
): History<Value> {
  const joins = step !== '' && step === lastStep;
  return { past: joins ? past : [...past, present], present: next, future: [], lastStep: step };
}

export function undo<Value>(history: History<Value>): History<Value> {
  const { past, present, future } = history;
  const [before] = past.slice(-1);
  if (before === undefined) return history;
  return {
    past: past.slice(0, -1),
    present: before,
    future: [present, ...future],
    lastStep: '',
  };
}

export function redo<Value>(history: History<Value>): History<Value> {
  const { past, present, future } = history;
  const [next, ...later] = future;
  if (next === undefined) return history;
  return { past: [...past, present], present: next, future: later, lastStep: '' };
}
