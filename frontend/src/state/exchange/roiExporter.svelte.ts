import { asApiError, isAbort, type ApiError } from '../../api/apiError';
import type { RoiFile, RoiFiles } from '../../api/roiFiles';
import { offers, type ExportOffer } from './exportForms';

type ExportClient = Pick<RoiFiles, 'previews' | 'export'>;

type ExportForm = Pick<ExportOffer, 'format' | 'name'>;

/** An export that is on its way. */
export interface ExportJob {
  form: ExportForm;
  /** How much of it has come. */
  bytes: number;
}

/** Takes the ROIs of all files out, in a form. */
export class RoiExporter {
  readonly #client: ExportClient;
  readonly #onFailure: (failure: ApiError) => void;
  readonly #onExported: () => void;
  #offers = $state.raw<readonly ExportOffer[] | null>(null);
  #failure = $state.raw<ApiError | null>(null);
  #saveFailure = $state.raw<ApiError | null>(null);
  #job = $state.raw<ExportJob | null>(null);
  #question = new AbortController();
  #request = new AbortController();

  constructor(
    client: ExportClient,
    onFailure: (failure: ApiError) => void,
    onExported: () => void,
  ) {
    this.#client = client;
    this.#onFailure = onFailure;
    this.#onExported = onExported;
  }

  /** What there is to choose from; null while it is asked for. */
  get offers(): readonly ExportOffer[] | null {
    return this.#offers;
  }

  /** Why that is not known. */
  get failure(): ApiError | null {
    return this.#failure;
  }

  /** Why the last export failed. */
  get saveFailure(): ApiError | null {
    return this.#saveFailure;
  }

  get job(): ExportJob | null {
    return this.#job;
  }

  /** Asks what each form would carry of the ROIs that there are now. */
  async look(): Promise<void> {
    this.#question.abort();
    this.#question = new AbortController();
    const { signal } = this.#question;
    this.#offers = null;
    this.#failure = null;
    try {
      const previews = await this.#client.previews(signal);
      signal.throwIfAborted();
      this.#offers = offers(previews);
    } catch (reason) {
      this.#failure = this.#noted(reason);
    }
  }

  /** The file of a form; null where that failed or was cancelled. */
  async take(form: ExportForm): Promise<RoiFile | null> {
    this.#request.abort();
    this.#request = new AbortController();
    const { signal } = this.#request;
    this.#saveFailure = null;
    this.#job = { form, bytes: 0 };
    try {
      const file = await this.#client.export(
        form.format,
        (bytes) => {
          if (!signal.aborted) this.#job = { form, bytes };
        },
        signal,
      );
      this.#onExported();
      return file;
    } catch (reason) {
      this.#saveFailure = this.#noted(reason);
      return null;
    } finally {
      if (!signal.aborted) this.#job = null;
    }
  }

  cancel(): void {
    this.#request.abort();
    this.#job = null;
  }

  /** A failure to be shown; none where somebody has called it off. */
  #noted(reason: unknown): ApiError | null {
    if (isAbort(reason)) return null;
    const failure = asApiError(reason);
    this.#onFailure(failure);
    return failure;
  }
}
