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
    let failed = |reason: String| ExportError::Encode { what: "GIF", reason };
    let Some(first) = pictures.first() else { return Err(failed("there are no pictures".into())) };
    if pictures.iter().any(|p| (p.width, p.height) != (first.width, first.height)) || delays.len() != pictures.len() {
        return Err(failed("pictures differ in size, or delays in number".into()));
    }
    let side = |n: usize| u16::try_from(n).map_err(|_| failed(format!("{n} pixels are too many")));
    let (width, height) = (side(first.width)?, side(first.height)?);
    let palette = Palette::of(pictures);
    let mut bytes = Vec::new();
    {
        let refused = |e: gif::EncodingError| failed(e.to_string());
        let mut encoder = gif::Encoder::new(&mut bytes, width, height, &palette.colours).map_err(refused)?;
        encoder.set_repeat(gif::Repeat::Infinite).map_err(refused)?;
        for (picture, &delay) in pictures.iter().zip(delays) {
            let frame = gif::Frame {
                width,
                height,
                delay,
                buffer: picture.rgb.chunks_exact(3).map(|p| palette.index(p)).collect(),
                ..gif::Frame::default()
            };
            encoder.write_frame(&frame).map_err(refused)?;
        }
    }
    Ok(bytes)
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
    fn nonsense_is_refused() {
        assert!(encode_gif(&[], &[]).is_err());
        let picture = |width: usize| Picture { width, height: 1, rgb: vec![0; width * 3] };
        assert!(encode_gif(&[picture(1), picture(2)], &[1, 1]).is_err());
        assert!(encode_gif(&[picture(70_000)], &[1]).is_err());
    }
}
