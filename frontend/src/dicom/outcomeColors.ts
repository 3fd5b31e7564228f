/** What became of an ROI that was compared, as it is said and drawn over the image. */
export const OUTCOMES = {
  matched: { name: 'Matched', color: '#63e08b' },
  missed: { name: 'Missed', color: '#ff6b6b' },
  extra: { name: 'Extra', color: '#ff9f45' },
  differs: { name: 'Other label', color: '#c79bff' },
} as const;
