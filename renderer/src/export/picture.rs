//! Pictures of 8 bits a channel, and PNG.

use super::ExportError;

/// Grey between the pictures of a sheet: black pictures would run into each other.
const GAP_COLOUR: u8 = 40;

/// An RGB picture, 8 bits a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// `[H, W, 3]`.
    pub rgb: Vec<u8>,
}

/// `frames [T, H, W, 3]` as pictures: clamped to `[0, 1]`, times 255, rounded to nearest (spec A.5). NaN is black.
///
/// # Errors
/// [`ExportError::Length`] when the numbers do not fill whole pictures.
pub fn pictures(frames: &[f32], width: usize, height: usize) -> Result<Vec<Picture>, ExportError> {
    let size = width * height * 3;
    if size == 0 || !frames.len().is_multiple_of(size) {
        let count = frames.len().checked_div(size).unwrap_or(0);
        return Err(ExportError::Length { got: frames.len(), frames: count, width, height });
    }
    let eight_bit = |x: &f32| (x.clamp(0.0, 1.0) * 255.0).round() as u8;
    let picture = |frame: &[f32]| Picture { width, height, rgb: frame.iter().map(eight_bit).collect() };
    Ok(frames.chunks_exact(size).map(picture).collect())
}

/// All pictures on one, row by row, with thin gaps between them; 12 stand 4 × 3. They must be of one size.
pub fn contact_sheet(pictures: &[Picture]) -> Picture {
    let Some(first) = pictures.first() else { return Picture { width: 0, height: 0, rgb: Vec::new() } };
    let (w, h) = (first.width, first.height);
    let columns = ((pictures.len() as f64 * 4.0 / 3.0).sqrt().ceil() as usize).clamp(1, pictures.len());
    let rows = pictures.len().div_ceil(columns);
    let gap = (w.min(h) / 64).max(1);
    let (width, height) = (columns * (w + gap) - gap, rows * (h + gap) - gap);
    let mut rgb = vec![GAP_COLOUR; width * height * 3];
    for (n, picture) in pictures.iter().enumerate() {
        let (left, top) = (n % columns * (w + gap), n / columns * (h + gap));
        for (y, line) in picture.rgb.chunks_exact(w * 3).enumerate() {
            rgb[((top + y) * width + left) * 3..][..w * 3].copy_from_slice(line);
        }
    }
    Picture { width, height, rgb }
}

/// The bytes of a PNG file.
///
/// # Errors
/// [`ExportError::Encode`] for pictures without pixels or wider than the format counts.
pub fn encode_png(picture: &Picture) -> Result<Vec<u8>, ExportError> {
    let failed = |e: &dyn std::fmt::Display| ExportError::Encode { what: "PNG", reason: e.to_string() };
    let side = |n: usize| u32::try_from(n).map_err(|e| failed(&e));
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side(picture.width)?, side(picture.height)?);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(|e| failed(&e))?;
    writer.write_image_data(&picture.rgb).map_err(|e| failed(&e))?;
    writer.finish().map_err(|e| failed(&e))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_clamped_and_rounded() {
        let frames = [-1.0, 0.0, 0.5 / 255.0 + 1e-6, 1.49 / 255.0, 1.0, f32::NAN];
        assert_eq!(pictures(&frames, 2, 1).unwrap()[0].rgb, [0, 0, 1, 1, 255, 0]);
        assert!(pictures(&frames, 5, 1).is_err() && pictures(&frames, 0, 1).is_err());
    }

    #[test]
    fn png_reads_back() {
        let picture = Picture { width: 3, height: 2, rgb: (0..18).map(|i| i * 14).collect() };
        let bytes = encode_png(&picture).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut rgb).unwrap();
        assert_eq!((info.width, info.height, rgb), (3, 2, picture.rgb));
        assert!(encode_png(&Picture { width: 0, height: 0, rgb: vec![] }).is_err());
    }

    #[test]
    fn twelve_stand_four_by_three() {
        let all: Vec<Picture> = (0..12).map(|n| Picture { width: 64, height: 64, rgb: vec![n; 64 * 64 * 3] }).collect();
        let sheet = contact_sheet(&all);
        assert_eq!((sheet.width, sheet.height), (4 * 64 + 3, 3 * 64 + 2));
        let at = |x: usize, y: usize| sheet.rgb[(y * sheet.width + x) * 3];
        assert_eq!((at(0, 0), at(64, 0), at(65, 0), at(258, 193)), (0, GAP_COLOUR, 1, 11));
        let sizes = |n: usize| {
            let sheet = contact_sheet(&all[..n]);
            (sheet.width.div_ceil(65), sheet.height.div_ceil(65))
        };
        assert_eq!((sizes(1), sizes(2), sizes(3), sizes(5), sizes(8)), ((1, 1), (2, 1), (2, 2), (3, 2), (4, 2)));
        assert_eq!(contact_sheet(&[]).width, 0);
    }
}
