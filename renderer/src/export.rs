//! Frames as files: PNG pictures, a contact sheet, an animation, and the numbers themselves.

mod gif;
mod palette;
mod picture;
mod s2i;

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use rayon::prelude::*;

pub use self::{
    gif::{Animation, delays, encode_gif},
    picture::{Picture, contact_sheet, encode_png, pictures},
    s2i::write_s2i,
};
use crate::{
    renderer::Rendering,
    store::{to_safetensors, write_atomically},
};

/// Why pictures could not be made or written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Numbers do not fill whole pictures.
    #[error("{got} numbers are not {frames} frames of {width}x{height} pixels")]
    Length {
        /// Numbers there are.
        got: usize,
        /// Frames there should be.
        frames: usize,
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
    },
    /// More than the format can hold, or an encoder's complaint.
    #[error("cannot encode {what}: {reason}")]
    Encode {
        /// PNG or GIF.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// A file could not be written; the text names it.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Writes `frame_01.png …`, `sheet.png`, `animation.gif` and `frames.safetensors` into `dir`, which is made where it
/// does not exist. Each file appears whole or not at all. Returns what was written, in that order.
///
/// # Errors
/// [`ExportError`] for frames of the wrong size and for everything the file system refuses.
pub fn write_all(dir: &Path, rendering: &Rendering) -> Result<Vec<PathBuf>, ExportError> {
    let count = rendering.clip.frames();
    let pictures = pictures(&rendering.frames, rendering.width, rendering.height)?;
    if pictures.len() != count {
        let (got, width, height) = (rendering.frames.len(), rendering.width, rendering.height);
        return Err(ExportError::Length { got, frames: count, width, height });
    }
    let mut folder = Folder::open(dir)?;
    let digits = count.to_string().len().max(2);
    let encoded: Result<Vec<_>, _> = pictures.par_iter().map(encode_png).collect();
    for (n, bytes) in encoded?.iter().enumerate() {
        folder.write(&format!("frame_{:0digits$}.png", n + 1), bytes)?;
    }
    folder.write("sheet.png", &encode_png(&contact_sheet(&pictures))?)?;
    let delays = delays(&rendering.clip.frame_indices, rendering.fps);
    folder.write("animation.gif", &encode_gif(&pictures, &delays)?)?;
    folder.write("frames.safetensors", &frames_file(rendering))?;
    Ok(folder.written)
}

/// A folder that files are written into, each whole or not at all.
struct Folder<'a> {
    dir: &'a Path,
    /// In the order of writing.
    written: Vec<PathBuf>,
}

impl<'a> Folder<'a> {
    /// Makes it where it does not exist.
    fn open(dir: &'a Path) -> io::Result<Folder<'a>> {
        std::fs::create_dir_all(dir)
            .map_err(|e| io::Error::new(e.kind(), format!("cannot create {}: {e}", dir.display())))?;
        Ok(Folder { dir, written: Vec::new() })
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.dir.join(name);
        write_atomically(&path, bytes)?;
        self.written.push(path);
        Ok(())
    }
}

/// A safetensors file with `frames [T, H, W, 3]`, and as metadata the source frame of each (`frame_indices`,
/// comma-separated), `fps`, `width`, `height`, and the camera (`camera_from_world`, 12 numbers row by row,
/// `tan_half_x`, `tan_half_y`).
pub fn frames_file(rendering: &Rendering) -> Vec<u8> {
    let camera = &rendering.clip.camera;
    let list = |numbers: &mut dyn Iterator<Item = String>| numbers.collect::<Vec<_>>().join(",");
    let metadata = [
        ("frame_indices", list(&mut rendering.clip.frame_indices.iter().map(usize::to_string))),
        ("fps", rendering.fps.to_string()),
        ("width", rendering.width.to_string()),
        ("height", rendering.height.to_string()),
        ("camera_from_world", list(&mut camera.camera_from_world.iter().map(f32::to_string))),
        ("tan_half_x", camera.tan_half_x.to_string()),
        ("tan_half_y", camera.tan_half_y.to_string()),
    ];
    let metadata: BTreeMap<String, String> = metadata.map(|(key, value)| (key.to_owned(), value)).into();
    let shape = vec![rendering.clip.frames(), rendering.height, rendering.width, 3];
    to_safetensors(&metadata, &[("frames", shape, &rendering.frames[..])])
}

#[cfg(test)]
mod tests {
    use safetensors::SafeTensors;

    use super::*;
    use crate::{
        clip::{ClipOptions, tests::motion},
        device::Engine,
        engine::cpu::CpuEngine,
        renderer::Renderer,
        sampling::Sampler,
        store::tensor_f32,
    };

    #[test]
    fn a_folder_full() {
        let options = ClipOptions { sampler: Sampler::Uniform, ..ClipOptions::default() };
        let renderer = Renderer::on(Engine::Cpu(CpuEngine)).with_options(options).with_size(8, 6);
        let drawn = renderer.draw(&motion(30, 30.0, |_, _, p| p)).unwrap();
        let frames: Vec<f32> = (0..12 * 6 * 8 * 3).map(|i| (i % 97) as f32 / 96.0).collect();
        let rendering = Rendering { frames: frames.clone(), ..drawn };
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("new/folder");
        let written = write_all(&out, &rendering).unwrap();
        let names: Vec<_> = written.iter().map(|p| p.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!((names.len(), names[0], names[11]), (15, "frame_01.png", "frame_12.png"));
        assert_eq!(names[12..], ["sheet.png", "animation.gif", "frames.safetensors"]);
        assert_eq!(std::fs::read_dir(&out).unwrap().count(), 15);

        let bytes = std::fs::read(out.join("frames.safetensors")).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let (shape, values) = tensor_f32(&file, "frames").unwrap();
        assert_eq!((shape, values), (vec![12, 6, 8, 3], frames));
        let metadata = SafeTensors::read_metadata(&bytes).unwrap().1.metadata().clone().unwrap();
        assert_eq!(metadata["frame_indices"], "1,3,6,8,11,13,16,18,21,23,26,28");
        assert_eq!(metadata["camera_from_world"].split(',').count(), 12);

        let wrong = Rendering { height: 5, ..rendering };
        assert!(matches!(write_all(&out, &wrong), Err(ExportError::Length { .. })));
    }
}
