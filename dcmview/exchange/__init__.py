"""ROIs as DICOM objects, masks and figures: what needs files or pixels to be read or written."""
