// Made by scripts/api-types from dcmview/web/*schemas.py. Do not edit.

/** Every answer that is not a success. */
export interface ErrorBody {
  error: string;
  code: string;
  detail?: Record<string, string | number | boolean | null>;
}

/** The answer of `GET /api/health`. */
export interface Health {
  status: 'ok';
  file_count: number;
  server_start_ms: number;
  version: string;
  unsaved_files: number;
  save_error: string;
}

/** Window Center and Window Width, in modality values. */
export interface WindowPair {
  center: number;
  width: number;
}

/** One listed file. */
export interface FileEntry {
  index: number;
  path: string;
  label: string;
  patient_id: string;
  patient_name: string;
  study_instance_uid: string;
  study_date: string;
  study_description: string;
  series_instance_uid: string;
  series_number: string;
  series_description: string;
  modality: string;
  instance_number: string;
  sop_instance_uid: string;
  has_pixels: boolean;
  frame_count: number;
  rows: number;
  columns: number;
  transfer_syntax_uid: string;
  default_window: WindowPair | null;
  status: 'changed' | 'gone' | 'no_pixels' | 'partial' | 'shown';
  note: string;
}

/** One path that is not listed, with the reason. */
export interface SkippedFile {
  path: string;
  status: 'not_dicom' | 'unreadable';
  reason: string;
}

/** The answer of `GET /api/files`. */
export interface FileList {
  files: FileEntry[];
  revision: number;
  tunnelled: boolean;
  tunnel_host: string | null;
  server_start_ms: number;
  scan_complete: boolean;
  scanned: number;
  skipped: number;
  filtered: number;
  skipped_files: SkippedFile[];
  warnings: string[];
}

/** One patient. Rows refer to each other by `index`, which never changes. */
export interface PatientRow {
  index: number;
  patient_id: string;
  patient_name: string;
}

/** One study of a patient. */
export interface StudyRow {
  index: number;
  patient: number;
  study_instance_uid: string;
  study_date: string;
  study_time: string;
  study_description: string;
}

/** A frame: index of its file, and of the frame in it from 0. */
export interface FrameAddress {
  file: number;
  frame_index: number;
}

/** One series of a study, or what is listed like one: a file that names no series. */
export interface SeriesRow {
  index: number;
  study: number | null;
  series_instance_uid: string;
  series_number: string;
  series_description: string;
  modality: string;
  file_count: number;
  image_count: number;
  frame_count: number;
  rows: number;
  columns: number;
  size_bytes: number;
  folder: string;
  file_name: string;
  thumbnail: FrameAddress | null;
  damaged: number;
  note: string;
  warnings: string[];
}

/** The answer of `GET /api/series`, and each line of its stream. */
export interface SeriesList {
  revision: number;
  patients: PatientRow[];
  studies: StudyRow[];
  series: SeriesRow[];
  scan_complete: boolean;
  scanned: number;
  listed: number;
  skipped: number;
  filtered: number;
  tunnelled: boolean;
  tunnel_host: string | null;
  server_start_ms: number;
  warnings: string[];
}

/** The files of a series by columns: the k-th member of each list is about the k-th file. */
export interface InstanceTable {
  index: number[];
  path: string[];
  sop_instance_uid: string[];
  instance_number: string[];
  transfer_syntax_uid: string[];
  frame_count: number[];
  rows: number[];
  columns: number[];
  has_pixels: boolean[];
  status: ('changed' | 'gone' | 'no_pixels' | 'partial' | 'shown')[];
  note: string[];
}

/** What tells the frames at one position of a stack from each other. */
export interface StackDimension {
  name: string;
  unit: string;
  values: string[];
}

/** Where the planes of a stack lie, in mm of the patient coordinate system. */
export interface StackGeometry {
  orientation: number[];
  orientation_name: string;
  normal: number[];
  origin: number[];
  row_spacing_mm: number | null;
  column_spacing_mm: number | null;
  spacing_source: string;
  is_spacing_in_patient: boolean;
  slice_spacing_mm: number | null;
  slice_spacing_source: string;
  slice_thickness_mm: number | null;
  gantry_tilt_deg: number | null;
  frame_of_reference_uid: string;
}

/** Frames that are scrolled through as one, or one object without an image. */
export interface StackRow {
  key: string;
  label: string;
  has_pixels: boolean;
  files: number[];
  frames: number[];
  position_index: number[];
  dimension_index: number[];
  dimension: StackDimension | null;
  ordered_by: string;
  direction: string;
  distances_mm: number[];
  positions_mm: number[][];
  geometry: StackGeometry | null;
  warnings: string[];
}

/** The answer of `GET /api/series/{index}`. */
export interface SeriesDetail {
  series: SeriesRow;
  instances: InstanceTable;
  stacks: StackRow[];
}

/** How one path ended. */
export interface ReportRow {
  path: string;
  end: string;
  reason: string;
  index: number | null;
}

/** The answer of `GET /api/report`: every path with its end. */
export interface Report {
  complete: boolean;
  counts: Record<string, number>;
  total: number;
  paths: ReportRow[];
}

/** The answer of `GET /api/file/{index}/info`. */
export interface FileInfo {
  frame_count: number;
  rows: number;
  columns: number;
  transfer_syntax: string;
  transfer_syntax_name: string;
  has_pixels: boolean;
  default_window: WindowPair | null;
  series: number;
  sop_class: string;
  frame_rate: number | null;
  frame_rate_source: string;
  frame_times_ms: number[];
  lossy: string;
  repairs: RepairNote[];
}

/** A rule that the file breaks, and what was used instead. */
export interface RepairNote {
  code: string;
  element: string;
  found: string;
  used: string;
}

/** Modality value = stored value x slope + intercept. */
export interface RescaleStep {
  kind: 'rescale';
  slope: number;
  intercept: number;
}

/** A lookup table; values before its start take the first entry, beyond its end the last. */
export interface LutStep {
  kind: 'lut';
  first_mapped: number;
  bits: number;
  entries: number[];
  explanation: string;
}

/** A window with the function that reads it. */
export interface WindowStep {
  kind: 'window';
  center: number;
  width: number;
  function: 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID';
  explanation: string;
}

/** Stored values from `low` to `high` are padding, not image. */
export interface PaddingStep {
  low: number;
  high: number;
}

/** A 60xx overlay plane without its bits; its origin counts from 1 and may lie outside. */
export interface OverlayInfo {
  group: number;
  rows: number;
  columns: number;
  origin_row: number;
  origin_column: number;
  kind: string;
  label: string;
  description: string;
}

/** What of the image is to be seen, in rows and columns that count from 1. */
export interface ShutterStep {
  edges: number[] | null;
  circle: number[] | null;
  polygon: number[][];
  overlay_group: number | null;
  grey_level: number;
}

/** Height to width of a pixel. */
export interface PixelAspectRatio {
  vertical: number;
  horizontal: number;
}

/** Distances between the centres of neighbouring pixels, and where they hold. */
export interface SpacingNote {
  row_mm: number;
  column_mm: number;
  plane: 'detector' | 'patient' | 'unknown';
  element: string;
  note: string;
}

/** A part of an ultrasound image with a scale of its own, right and bottom excluded. */
export interface UltrasoundRegion {
  left: number;
  top: number;
  right: number;
  bottom: number;
  kind: '2d' | 'other';
  x_mm: number | null;
  y_mm: number | null;
  unit_x: string;
  unit_y: string;
  delta_x: number | null;
  delta_y: number | null;
}

/** Standardised uptake value = modality value x factor. */
export interface Suv {
  factor: number;
  kind: 'SUVbsa' | 'SUVbw' | 'SUVibw' | 'SUVlbm';
  unit: string;
  decay_reference: string;
  elements: string[];
}

/** Real world value = stored value x slope + intercept from `first` to `last`. */
export interface RealWorldStep {
  first: number;
  last: number;
  slope: number | null;
  intercept: number | null;
  values: number[];
  unit: string;
  label: string;
  explanation: string;
}

/** How stored values become grey levels: `GET /api/file/{index}/frame/{frame}/recipe`. */
export interface Recipe {
  id: string;
  photometric_interpretation: string;
  modality: RescaleStep | LutStep;
  unit: string;
  voi: (WindowStep | LutStep)[];
  inverted: boolean;
  padding: PaddingStep | null;
  overlays: OverlayInfo[];
  shutter: ShutterStep | null;
  pixel_aspect: PixelAspectRatio;
  has_icc_profile: boolean;
  real_world: RealWorldStep[];
  patient_orientation: string[];
  spacing: SpacingNote | null;
  regions: UltrasoundRegion[];
  suv: Suv | null;
  suv_note: string;
  repairs: RepairNote[];
}

/** An element that decided a step, as a path from the top of the data set. */
export interface DecisionNote {
  element: string;
  value: string;
  meaning: string;
}

/** One step from stored value to picture. */
export interface ExplainStep {
  step: string;
  title: string;
  element: string;
  value: string;
  meaning: string;
  input_range: (number | null)[] | null;
  output_range: (number | null)[] | null;
  decisions: DecisionNote[];
}

/** An element that could have changed the picture and did not. */
export interface IgnoredNote {
  element: string;
  value: string;
  reason: string;
}

/** The value of a pixel after one step: a number, or one for each colour. */
export interface StageValue {
  step: string;
  values: (number | null)[];
  unit: string;
}

/** What one pixel is at each step; row and column count from 0. */
export interface PixelProbe {
  row: number;
  column: number;
  is_padding: boolean;
  stages: StageValue[];
}

/** The answer of `GET /api/file/{index}/frame/{frame}/explain`. */
export interface Explanation {
  steps: ExplainStep[];
  repairs: RepairNote[];
  ignored: IgnoredNote[];
  pixel: PixelProbe | null;
}

/** Put a new ROI in, at the end or before the one that is now the `index`-th. */
export interface AddRoi {
  op: 'add';
  roi: Roi;
  index?: number | null;
}

/** Take the ROI with this id out. */
export interface RemoveRoi {
  op: 'remove';
  id: string;
}

/** Put an ROI in the place of the one with its id. */
export interface ReplaceRoi {
  op: 'replace';
  roi: Roi;
}

/** A place in the image: column and row, 0.0 at the top left corner of the first pixel. */
export interface ImagePoint {
  x: number;
  y: number;
}

/** A region of interest or a measurement, with all that a person or a model says of it. */
export interface Roi {
  id?: string;
  kind: 'angle' | 'cobb' | 'ellipse' | 'freehand' | 'length' | 'point' | 'polygon' | 'polyline' | 'rectangle';
  points: ImagePoint[];
  frames?: 'all' | number[];
  label?: string;
  color?: string;
  group?: string;
  score?: number | null;
  note?: string;
  author?: string;
  source?: string;
  created?: string;
  modified?: string;
  locked?: boolean;
}

/** ROIs of one file: boxes `[ymin, xmin, ymax, xmax]` and the frames of each. */
export interface RoiSet {
  num_roi: number;
  roi_coords: number[][];
  roi_frames: number[][];
}

/** The answer of `GET /api/file/{index}/rois`, and of `PUT`. */
export interface RoiList {
  index: number;
  path: string;
  sop_instance_uid: string;
  revision: string;
  rois: Roi[];
  read_only?: string[];
}

/** The body of `PATCH /api/file/{index}/rois`: carried out in order, all or none. */
export interface RoiOperations {
  operations: (AddRoi | ReplaceRoi | RemoveRoi)[];
}

/** The answer of `PATCH /api/file/{index}/rois`. */
export interface RoiEdit {
  index: number;
  revision: string;
  count: number;
  rois: Roi[];
}

/** An edit of ROIs that was built on an old revision, or was made and is not saved. */
export interface RoiRefusal {
  error: string;
  code: string;
  current: RoiList;
}

/** The answer of `GET /api/rois/files`. */
export interface RoiLists {
  files: RoiList[];
  next: number | null;
}

/** Operations on one of many files. */
export interface RoiFileOperations {
  index: number;
  revision: string | null;
  operations: (AddRoi | ReplaceRoi | RemoveRoi)[];
}

/** The body of `PATCH /api/rois`: all or none of a file, whatever becomes of the others. */
export interface RoiBulkOperations {
  files: RoiFileOperations[];
}

/** What became of one of many files: what `PATCH /api/file/{index}/rois` would answer. */
export interface RoiFileOutcome {
  index: number;
  status: number;
  revision?: string;
  count?: number;
  rois?: Roi[];
  error?: string;
  code?: string;
  current?: RoiList;
}

/** The answer of `PATCH /api/rois`: the files in the order of the request. */
export interface RoiBulkEdit {
  files: RoiFileOutcome[];
  error?: string;
  code?: string;
}

/** What a file has, in short; `labels` are at most the first 20. */
export interface RoiCount {
  index: number;
  revision: string;
  count: number;
  labels: string[];
  series: number;
  frame_count: number;
}

/** Something of an imported file that was not taken in. */
export interface RoiLeftOut {
  place: string;
  reason: string;
}

/** How many rows of an imported file have found their file in which way. */
export interface RoiMatches {
  path: number;
  sop_instance_uid: number;
  name: number;
}

/** The answer of `POST /api/annotations/import`. */
export interface RoiImport {
  format: string;
  rows: number;
  matched: RoiMatches;
  files: number;
  added: number;
  already_there: number;
  marked: number;
  unmatched_count: number;
  unmatched: RoiLeftOut[];
  left_out_count: number;
  left_out: RoiLeftOut[];
  warnings: string[];
}

/** A column of a table, and what is in it. */
export interface KnownColumn {
  what: 'file' | 'frame' | 'frame_number' | 'group' | 'height' | 'label' | 'note' | 'score' | 'uid' | 'width' | 'x' | 'xmax' | 'xmin' | 'y' | 'ymax' | 'ymin';
  column: string;
}

/** The answer of `POST /api/annotations/import/columns`. */
export interface RoiTableHead {
  format: string;
  columns: string[];
  known: KnownColumn[];
  rows: string[][];
}

/** What an export would not carry. */
export interface RoiLoss {
  what: string;
  count: number;
}

/** The answer of `GET /api/annotations/export/preview?format=`. */
export interface RoiExportPreview {
  format: string;
  rois: number;
  carried: number;
  lost: RoiLoss[];
  missing: string;
}

/** The answer of `GET /api/annotations/export/preview`: each form once. */
export interface RoiExportPreviews {
  forms: RoiExportPreview[];
}

/** The answer of `GET /api/rois`. */
export interface RoiOverview {
  revision: number;
  files: RoiCount[];
  unlisted_files: number;
  labels: string[];
  saved_in: string | null;
  unsaved_files: number;
  save_error: string;
}

/** What is decided about a file; `mark` and `note` are empty where it was taken back. */
export interface TriageMark {
  index: number;
  series: number;
  mark: '' | 'keep' | 'reject' | 'unsure';
  note: string;
  modified: string;
}

/** How many listed files are marked how. */
export interface TriageCounts {
  keep: number;
  reject: number;
  unsure: number;
}

/** The body of `PATCH /api/triage`: what is left out of mark and note stays as it is. */
export interface TriageChange {
  files?: number[];
  series?: number;
  mark?: 'keep' | 'reject' | 'unsure' | null;
  note?: string;
}

/** The answer of `GET /api/triage` and `PATCH /api/triage`. */
export interface TriageOverview {
  revision: number;
  marks: TriageMark[];
  counts: TriageCounts;
  images: number;
  unlisted_files: number;
}

/** Text, cut after 1,024 characters. */
export interface StringValue {
  type: 'string';
  value: string;
  truncated?: boolean;
  total?: number;
  offset?: number;
}

/** One number; NaN and infinity are written as text. */
export interface NumberValue {
  type: 'number';
  value: number | string;
}

/** Several numbers, cut after 64. */
export interface NumbersValue {
  type: 'numbers';
  value: (number | string)[];
  truncated?: boolean;
  total?: number;
  offset?: number;
}

/** Bytes that are never sent. */
export interface BinaryValue {
  type: 'binary';
  length: number;
}

/** Items of a sequence, cut after 100 items or 32 levels. */
export interface SequenceValue {
  type: 'sequence';
  items: TagNode[][];
  truncated?: boolean;
  total?: number;
  item_indices?: number[];
}

/** An element that cannot be read. */
export interface ErrorValue {
  type: 'error';
  message: string;
}

/** One data element. */
export interface TagNode {
  tag: string;
  vr: string;
  keyword: string;
  value: StringValue | NumberValue | NumbersValue | BinaryValue | SequenceValue | ErrorValue;
  creator?: string;
  meaning?: string;
  hit?: boolean;
}

/** The answer of `GET /api/file/{index}/tags?search=`: what was found, inside its parents. */
export interface TagSearch {
  hits: number;
  truncated: boolean;
  nodes: TagNode[];
}

/** The answer of `GET /api/file/{index}/frame/{frame}/groups`; empty where there are none. */
export interface FrameGroups {
  shared: TagNode[];
  per_frame: TagNode[];
}

/** A value as text, cut after 256 characters or 64 binary numbers. */
export interface TagText {
  text: string;
  total?: number;
  by_length?: boolean;
}

/** An element as one of two files has it. */
export interface TagSide {
  vr: string;
  value: TagText;
}

/** One element of two files, either of which may lack it. */
export interface TagDifference {
  path: string;
  name: string;
  tag: string;
  keyword: string;
  state: 'changed' | 'only_first' | 'only_second' | 'same';
  first: TagSide | null;
  second: TagSide | null;
}

/** The answer of `GET /api/tags/compare`. */
export interface TagComparison {
  same: number;
  changed: number;
  only_first: number;
  only_second: number;
  truncated: boolean;
  rows: TagDifference[];
}

/** An element that all files or frames have with one value. */
export interface ConstantTag {
  path: string;
  name: string;
  tag: string;
  vr: string;
  keyword: string;
  value: TagText;
}

/** An element that files or frames have with different values, or some do not have. */
export interface VaryingTag {
  path: string;
  name: string;
  tag: string;
  vr: string;
  keyword: string;
  values: TagText[];
  which: number[];
}

/** A file that could not be read, with the reason. */
export interface UnreadFile {
  file: number;
  reason: string;
}

/** The answer of `GET /api/tags/varying`. */
export interface TagVariation {
  by: 'file' | 'frame';
  files: number[];
  frames: number[];
  asked: number;
  truncated: boolean;
  note: string;
  unread: UnreadFile[];
  constant: ConstantTag[];
  varying: VaryingTag[];
}
