//! A looping animation at the motion's own speed.

use super::{ExportError, Picture, palette::Palette};

/// Browsers slow down anything shorter, in hundredths of a second.
const SHORTEST: u16 = 2;

/// `[T]` how long each sampled frame stays, in hundredths of a second: until the next one's time in the motion. The
/// last stays as long as the others on average. Rounding does not add up.
pub fn delays(frame_indices: &[usize], fps: f32) -> Vec<u16> {
    let fps = if fps.is_finite() && fps > 0.0 { f64::from(fps) } else { 30.0 };
    let (Some(&first), Some(&last)) = (frame_indices.first(), frame_indices.last()) else { return Vec::new() };
    let mean = (last - first) as f64 / (frame_indices.len() - 1).max(1) as f64;
    let times = frame_indices.iter().map(|&i| i as f64).chain([last as f64 + mean]);
    let hundredths: Vec<f64> = times.map(|t| (t - first as f64) / fps * 100.0).collect();
    let mut shown = 0.0; // what has been given so far
    let mut delay = |end: f64| {
        let delay = (end - shown).round().clamp(f64::from(SHORTEST), f64::from(u16::MAX));
        shown += delay;
        delay as u16
    };
    hundredths[1..].iter().map(|&end| delay(end)).collect()
}

/// The bytes of a GIF file that loops forever. `delays [T]` in hundredths of a second.
///
/// # Errors
/// [`ExportError::Encode`] for no pictures, pictures of different sizes or of more than 65,535 pixels a side.
pub fn encode_gif(pictures: &[Picture], delays: &[u16]) -> Result<Vec<u8>, ExportError> {
    if delays.len() != pictures.len() {
        return Err(failed(format!("{} pictures have {} delays", pictures.len(), delays.len())));
    }
    let mut animation = Animation::new(pictures)?;
    for (picture, &delay) in pictures.iter().zip(delays) {
        animation.push(picture, delay)?;
    }
    animation.finish()
}

/// A GIF that loops forever, made picture by picture: of what was pushed only the file's bytes are kept.
pub struct Animation {
    encoder: gif::Encoder<Vec<u8>>,
    palette: Palette,
    width: u16,
    height: u16,
    /// `[H, W]` colours of the picture before; empty before the first.
    before: Vec<u8>,
}

impl Animation {
    /// Colours are chosen by `likeness`: all pictures to come, or some that are like them.
    ///
    /// # Errors
    /// [`ExportError::Encode`] for no pictures, pictures of different sizes or of more than 65,535 pixels a side.
    pub fn new(likeness: &[Picture]) -> Result<Animation, ExportError> {
        let Some(first) = likeness.first() else { return Err(failed("there are no pictures".into())) };
        if likeness.iter().any(|p| (p.width, p.height) != (first.width, first.height)) {
            return Err(failed("pictures differ in size".into()));
        }
        let side = |n: usize| u16::try_from(n).map_err(|_| failed(format!("{n} pixels are too many")));
        let (width, height) = (side(first.width)?, side(first.height)?);
        // the last colour says that a pixel is as it was
        let palette = Palette::of(likeness);
        let colours = [&palette.colours[..], &[0; 3]].concat();
        let mut encoder = gif::Encoder::new(Vec::new(), width, height, &colours).map_err(refused)?;
        encoder.set_repeat(gif::Repeat::Infinite).map_err(refused)?;
        Ok(Animation { encoder, palette, width, height, before: Vec::new() })
    }

    /// One more picture, shown for so many hundredths of a second.
    ///
    /// # Errors
    /// [`ExportError::Encode`] for a picture of another size.
    pub fn push(&mut self, picture: &Picture, delay: u16) -> Result<(), ExportError> {
        let (width, height) = (self.width, self.height);
        if (picture.width, picture.height) != (width.into(), height.into()) {
            return Err(failed("pictures differ in size".into()));
        }
        let now: Vec<u8> = picture.rgb.chunks_exact(3).map(|p| self.palette.index(p)).collect();
        let same = (self.palette.colours.len() / 3) as u8;
        // what stands still takes no room in the file
        let (buffer, transparent): (Vec<u8>, _) = if self.before.is_empty() {
            (now.clone(), None)
        } else {
            let changed = now.iter().zip(&self.before).map(|(now, before)| if now == before { same } else { *now });
            (changed.collect(), Some(same))
        };
        let frame = gif::Frame { width, height, delay, transparent, buffer: buffer.into(), ..gif::Frame::default() };
        self.encoder.write_frame(&frame).map_err(refused)?;
        self.before = now;
        Ok(())
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// [`ExportError::Encode`], the encoder's complaint.
    pub fn finish(self) -> Result<Vec<u8>, ExportError> {
        self.encoder.into_inner().map_err(refused)
    }
}

fn failed(reason: String) -> ExportError {
    ExportError::Encode { what: "GIF", reason }
}

fn refused(error: gif::EncodingError) -> ExportError {
    failed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_the_motions_own() {
        assert_eq!(delays(&[0, 30, 60], 30.0), [100, 100, 100]);
        assert_eq!(delays(&[5], 30.0), [SHORTEST]);
        assert!(delays(&[], 30.0).is_empty());
        // 1/30 s each: three hundredths and a third, which must not be lost
        let all = delays(&(0..=30).collect::<Vec<_>>(), 30.0);
        assert_eq!(all[..30].iter().map(|&d| u32::from(d)).sum::<u32>(), 100);
        assert!(delays(&[0, 0, 0, 40], 40.0).iter().all(|&d| d >= SHORTEST));
    }

    #[test]
    fn animation_reads_back() {
        let picture = |n: u8| Picture { width: 5, height: 4, rgb: [n * 40, 255 - n * 40, 0].repeat(20) };
        let all: Vec<Picture> = (0..4).map(picture).collect();
        let bytes = encode_gif(&all, &[10, 20, 30, 40]).unwrap();
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let mut decoder = options.read_info(&bytes[..]).unwrap();
        assert_eq!((decoder.width(), decoder.height()), (5, 4));
        assert!(matches!(decoder.repeat(), gif::Repeat::Infinite));
        for n in 0..4u8 {
            let frame = decoder.read_next_frame().unwrap().unwrap();
            assert_eq!(frame.delay, 10 * (u16::from(n) + 1));
            assert!(frame.buffer.chunks_exact(4).all(|p| p == [n * 40, 255 - n * 40, 0, 255]));
        }
        assert!(decoder.read_next_frame().unwrap().is_none());
    }

    #[test]
    fn what_stands_still_is_kept_and_takes_no_room() {
        // a white square moves over grey noise
        let picture = |n: usize| {
            let pixel = |i: usize| {
                let (x, y) = (i % 64, i / 64);
                let inside = (n * 4..n * 4 + 8).contains(&x) && (20..28).contains(&y);
                [if inside { 255 } else { 40 + (i * 7919 % 61) as u8 }; 3]
            };
            Picture { width: 64, height: 48, rgb: (0..64 * 48).flat_map(pixel).collect() }
        };
        let all: Vec<Picture> = (0..10).map(picture).collect();
        // colours by a few of them
        let mut animation = Animation::new(&[all[0].clone(), all[9].clone()]).unwrap();
        all.iter().for_each(|picture| animation.push(picture, 5).unwrap());
        assert!(animation.push(&Picture { width: 64, height: 47, rgb: vec![0; 64 * 47 * 3] }, 5).is_err());
        let bytes = animation.finish().unwrap();
        let first = encode_gif(&all[..1], &[5]).unwrap().len();
        assert!(bytes.len() < first * 3, "{} bytes, and {first} for one picture", bytes.len());
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let mut decoder = options.read_info(&bytes[..]).unwrap();
        let mut shown = vec![0; 64 * 48 * 3];
        for picture in &all {
            let frame = decoder.read_next_frame().unwrap().unwrap();
            assert_eq!((frame.width, frame.height, frame.dispose), (64, 48, gif::DisposalMethod::Keep));
            for (old, new) in shown.chunks_exact_mut(3).zip(frame.buffer.chunks_exact(4)).filter(|(_, p)| p[3] > 0) {
                old.copy_from_slice(&new[..3]);
            }
            let off = shown.iter().zip(&picture.rgb).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(off <= Some(3), "a pixel is off by {off:?}");
        }
        assert!(decoder.read_next_frame().unwrap().is_none());
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(encode_gif(&[], &[]).is_err());
        let picture = |width: usize| Picture { width, height: 1, rgb: vec![0; width * 3] };
        assert!(encode_gif(&[picture(1), picture(2)], &[1, 1]).is_err());
        assert!(encode_gif(&[picture(70_000)], &[1]).is_err());
    }
}
