/** Where the listed ROIs are. */
export type RoiScope = 'frame' | 'stack' | 'all';

export type RoiSort = 'frame' | 'label' | 'score' | 'area';

/** The views of the ROI panel. */
export type RoiView = 'list' | 'layers' | 'compare';

/** What the ROI panel shows; it stays as it was left. */
export class RoiFilter {
  view = $state<RoiView>('list');
  scope = $state<RoiScope>('stack');
  sort = $state<RoiSort>('frame');
  text = $state('');
  /** null for any. */
  label = $state<string | null>(null);
  layer = $state<string | null>(null);

  /** Whether anything but the scope leaves ROIs out. */
  get isSet(): boolean {
    return this.text.trim() !== '' || this.label !== null || this.layer !== null;
  }

  clear(): void {
    this.text = '';
    this.label = null;
    this.layer = null;
  }
}
