import { asApiError, isAbort, type ApiError } from '../../api/apiError';
import type { Client } from '../../api/client';
import type { OverlayInfo, Recipe } from '../../api/types.gen';
import { visibleText } from '../../dicom/format';
import { frameKey, type FrameRef } from '../../dicom/frameRef';
import { ByteCache } from '../../frames/byteCache';
import { grey, tinted, type OverlayPlane } from '../../render/layers';

/** Memory for overlay planes. */
const BUDGET_BYTES = 64 * 2 ** 20;

/** Told apart on any grey, and by who sees colours differently. */
const COLORS: readonly string[] = ['#ffd23f', '#4cc9f0', '#ff8fab', '#9ef01a'];

/** The frame that overlays belong to. */
interface Frame {
  ref: FrameRef;
  recipe: Pick<Recipe, 'overlays' | 'shutter'>;
}

/** One line of the legend. */
interface LegendEntry {
  group: number;
  color: string;
  text: string;
}

/** Overlay planes and shutter: off until somebody asks for them. */
export class Overlays {
  readonly #client: Pick<Client, 'overlay'>;
  readonly #onFailure: (failure: ApiError) => void;
  readonly #cache = new ByteCache<ImageBitmap>(BUDGET_BYTES);
  #request = new AbortController();
  #planes = $state.raw<readonly OverlayPlane[]>([]);
  #shutterPlane = $state.raw<OverlayPlane | null>(null);
  #legend = $state.raw<readonly LegendEntry[]>([]);

  #settled: Promise<void> = Promise.resolve();

  isShown = $state(false);
  isShutterShown = $state(false);

  constructor(client: Pick<Client, 'overlay'>, onFailure: (failure: ApiError) => void) {
    this.#client = client;
    this.#onFailure = onFailure;
  }

  /** The planes of the frame on screen. */
  get planes(): readonly OverlayPlane[] {
    return this.#planes;
  }

  get shutterPlane(): OverlayPlane | null {
    return this.#shutterPlane;
  }

  /** Resolves when all that is to lie over the frame on screen is there. */
  get settled(): Promise<void> {
    return this.#settled;
  }

  get legend(): readonly LegendEntry[] {
    return this.#legend;
  }

  /** Fetches what is to lie over a frame; nothing where nothing is wanted. */
  show(frame: Frame | null, wanted: { overlays: boolean; shutter: boolean }): Promise<void> {
    this.#settled = this.#show(frame, wanted);
    return this.#settled;
  }

  async #show(frame: Frame | null, wanted: { overlays: boolean; shutter: boolean }): Promise<void> {
    this.#request.abort();
    const request = new AbortController();
    this.#request = request;
    const all = frame?.recipe.overlays ?? [];
    const infos = wanted.overlays ? all : [];
    const shutter = wanted.shutter ? (frame?.recipe.shutter ?? null) : null;
    const shut = all.find(({ group }) => group === shutter?.overlay_group);
    this.#legend = infos.map((info, index) => ({
      group: info.group,
      color: colorOf(index),
      text: nameOf(info),
    }));
    if (frame === null || (infos.length === 0 && shut === undefined)) {
      this.#planes = [];
      this.#shutterPlane = null;
      return;
    }
    try {
      const load = (info: OverlayInfo, color: string) =>
        this.#load(frame.ref, info, color, request.signal);
      const [planes, shutterPlane] = await Promise.all([
        Promise.all(infos.map((info, index) => load(info, colorOf(index)))),
        shut === undefined ? null : load(shut, grey(shutter?.grey_level ?? 0)),
      ]);
      if (request.signal.aborted) return;
      this.#planes = planes;
      this.#shutterPlane = shutterPlane;
    } catch (reason) {
      if (isAbort(reason) || request.signal.aborted) return;
      this.#planes = [];
      this.#shutterPlane = null;
      this.#onFailure(asApiError(reason));
    }
  }

  async #load(
    ref: FrameRef,
    info: OverlayInfo,
    color: string,
    signal: AbortSignal,
  ): Promise<OverlayPlane> {
    const key = `${frameKey(ref)}/${String(info.group)}/${color}`;
    const known = this.#cache.get(key);
    if (known !== undefined) return { info, bitmap: known };
    const bitmap = tinted(await this.#client.overlay(ref, info.group, signal), color);
    this.#cache.set(key, bitmap, bitmap.width * bitmap.height * 4);
    return { info, bitmap };
  }
}

function colorOf(index: number): string {
  return COLORS[index % COLORS.length] ?? '#fff';
}

/** What a plane calls itself, or else its group. */
function nameOf({ group, kind, label, description }: OverlayInfo): string {
  const name = visibleText(label) || visibleText(description);
  const number = group.toString(16).toUpperCase().padStart(4, '0');
  const sort = kind === 'R' ? 'Region' : 'Overlay';
  return name === '' ? `${sort} ${number}` : name;
}
