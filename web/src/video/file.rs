//! Frames as a file: WebM where a browser encodes them, else GIF.

use draction::export::{Animation, Picture};
use skeletonllm_network::task::yield_now;

use super::{
    Making, Video,
    frame::{Frames, Layout},
    webm::WebM,
    yuv::i420,
};
use crate::platform::VideoEncoder;

/// Frames a second of a WebM.
const WEBM_FPS: u32 = 30;
/// Frames a second of a GIF, which counts in hundredths of a second.
const GIF_FPS: u32 = 20;
/// Pixels to a point of a GIF, which compresses less.
const GIF_SCALE: f32 = 0.75;
/// A GIF's colours are chosen by so many frames, spread over all of it.
const LIKENESS: usize = 6;

/// A video to take away.
pub struct VideoFile {
    /// How its name ends, with the dot.
    pub ending: &'static str,
    /// What it is, for browsers.
    pub mime: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Makes a video, and tells how far it is. `None` where it was given up meanwhile. Lets others use this thread between
/// its steps.
///
/// # Errors
/// The renderer's or the encoder's, as a sentence.
pub async fn record(video: Video, making: &Making) -> Result<Option<VideoFile>, String> {
    let size = Layout::of(video.shown).pixels(1.0);
    match VideoEncoder::open(size, WEBM_FPS).await {
        Some(encoder) => webm(Frames::new(video, 1.0, WEBM_FPS), encoder, making).await,
        None => gif(Frames::new(video, GIF_SCALE, GIF_FPS), making).await,
    }
}

async fn webm(mut frames: Frames, mut encoder: VideoEncoder, making: &Making) -> Result<Option<VideoFile>, String> {
    let (count, size) = (frames.count(), frames.size());
    let mut file = WebM::new(encoder.codec(), size, WEBM_FPS);
    let mut planes = Vec::new();
    making.begin(count);
    for n in 0..count {
        yield_now().await;
        if making.is_given_up() {
            return Ok(None);
        }
        i420(frames.frame(n).await?, size, &mut planes);
        file.extend(encoder.add(&planes).await?);
        making.advance();
    }
    file.extend(encoder.finish().await?);
    Ok(Some(VideoFile { ending: ".webm", mime: "video/webm", bytes: file.finish(count) }))
}

async fn gif(mut frames: Frames, making: &Making) -> Result<Option<VideoFile>, String> {
    let (count, size) = (frames.count(), frames.size());
    let looked_at = LIKENESS.min(count);
    let mut likeness = Vec::new();
    making.begin(looked_at + count);
    for n in 0..looked_at {
        yield_now().await;
        if making.is_given_up() {
            return Ok(None);
        }
        likeness.push(picture(frames.frame(n * count / looked_at).await?, size));
        making.advance();
    }
    yield_now().await;
    let mut file = Animation::new(&likeness).map_err(|e| e.to_string())?;
    drop(likeness);
    for n in 0..count {
        yield_now().await;
        if making.is_given_up() {
            return Ok(None);
        }
        let frame = picture(frames.frame(n).await?, size);
        yield_now().await;
        file.push(&frame, (100 / GIF_FPS) as u16).map_err(|e| e.to_string())?;
        making.advance();
    }
    let bytes = file.finish().map_err(|e| e.to_string())?;
    Ok(Some(VideoFile { ending: ".gif", mime: "image/gif", bytes }))
}

/// `rgba [H, W, 4]` without its last channel.
fn picture(rgba: &[u8], [width, height]: [usize; 2]) -> Picture {
    Picture { width, height, rgb: rgba.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect() }
}
