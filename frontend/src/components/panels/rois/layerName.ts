import { visibleText } from '../../../dicom/format';

/** What a layer is called on the page; the one without a name is there from the start. */
export function layerName(layer: string): string {
  return visibleText(layer) || 'Without a name';
}
