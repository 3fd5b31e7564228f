/** A failure that the page can show: the server's message with its stable code. */
export class ApiError extends Error {
  override readonly name: string = 'ApiError';
  readonly code: string;
  /** The HTTP status, 0 where no answer came. */
  readonly status: number;
  /** Everything that the server said, for those who know what more there is. */
  readonly body: Readonly<Record<string, unknown>>;

  constructor(
    message: string,
    code: string,
    status: number,
    body: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.code = code;
    this.status = status;
    this.body = body;
  }

  /** Whether the server could not be reached at all. */
  get isUnreachable(): boolean {
    return this.code === 'unreachable';
  }
}

/** Whether a promise was rejected because its request was aborted. */
export function isAbort(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === 'AbortError';
}

/** Any failure as one that can be shown. */
export function asApiError(reason: unknown): ApiError {
  if (reason instanceof ApiError) return reason;
  const message = reason instanceof Error ? reason.message : String(reason);
  return new ApiError(message, 'page_error', 0);
}
