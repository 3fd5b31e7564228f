import { ApiError, isAbort } from './apiError';

export interface Options {
  signal?: AbortSignal | undefined;
  /** Nobody waits for the answer yet. */
  isBackground?: boolean;
}

/** A request that is more than a question. */
export interface Sending extends Options {
  method?: string;
  body?: BodyInit;
  headers?: Readonly<Record<string, string>>;
}

/** Asks the server; every refusal is an ApiError. */
export type Ask = (path: string, sending?: Sending) => Promise<Response>;

/** Network failures, at the head or in the middle of an answer, as ApiErrors. */
export async function received<Value>(pending: Promise<Value>): Promise<Value> {
  try {
    return await pending;
  } catch (reason) {
    throw translated(reason);
  }
}

/** A failure of the network or of the answer as it is shown. */
export function translated(reason: unknown): unknown {
  if (isAbort(reason)) return reason;
  if (reason instanceof SyntaxError) {
    return new ApiError('the answer is not JSON', 'bad_answer', 200);
  }
  return unreachable();
}

export function unreachable(): ApiError {
  return new ApiError('the server does not answer', 'unreachable', 0);
}
