/**
 * Colours of labels: told apart by most eyes, bright enough for grey images, and
 * none of them the yellow of what has no label or the blue of what is selected.
 */
const COLORS = [
  '#ff6b6b',
  '#63e08b',
  '#c79bff',
  '#ff9f45',
  '#35d6c5',
  '#ff8ad8',
  '#b9e04a',
  '#8fb0ff',
  '#d8a878',
] as const;

/** The colour of the label at a place of the list of labels; with more labels than colours they repeat. */
export function labelColor(place: number): string {
  return place < 0 ? '' : (COLORS[place % COLORS.length] ?? '');
}
