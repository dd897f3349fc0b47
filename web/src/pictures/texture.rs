//! Textures of the window, drawn anew when something else is to be seen on them.

use draction::{
    clip::Clip,
    draction::DrAction,
    engine::{Scene, cpu::CpuEngine},
    export::{Picture, pictures},
};
use eframe::egui::{self, TextureId};

use super::Backend;
#[cfg(feature = "gpu")]
use super::gpu::GpuTexture;

/// A texture, and what is on it.
#[derive(Default)]
pub(super) struct CachedTexture {
    /// Take, settings and frame of what was drawn last.
    key: Option<(u64, u64, usize)>,
    texture: Option<Texture>,
}

enum Texture {
    #[cfg(feature = "gpu")]
    Gpu(Box<GpuTexture>),
    Cpu(egui::TextureHandle),
}

impl Texture {
    fn id(&self) -> TextureId {
        match self {
            #[cfg(feature = "gpu")]
            Texture::Gpu(texture) => texture.id(),
            Texture::Cpu(texture) => texture.id(),
        }
    }
}

impl CachedTexture {
    /// The texture, if that is what was drawn last.
    pub fn get(&self, key: (u64, u64, usize)) -> Option<TextureId> {
        self.texture.as_ref().filter(|_| self.key == Some(key)).map(Texture::id)
    }

    /// Draws the frames of a clip side by side, each of `size²`.
    ///
    /// # Errors
    /// The engine's, as a sentence.
    pub fn draw(
        &mut self,
        key: (u64, u64, usize),
        backend: &Backend,
        ctx: &egui::Context,
        (clip, draction): (&Clip, &DrAction),
        size: usize,
    ) -> Result<TextureId, String> {
        let scene = Scene::new([clip], draction, size, size).map_err(|e| e.to_string())?;
        let id = match backend {
            #[cfg(feature = "gpu")]
            Backend::Gpu(gpu) => {
                if !matches!(&self.texture, Some(Texture::Gpu(texture)) if texture.fits(clip.frames(), size)) {
                    self.texture = Some(Texture::Gpu(Box::new(GpuTexture::new(gpu, clip.frames(), size)?)));
                }
                let Some(Texture::Gpu(texture)) = &mut self.texture else { unreachable!("just set") };
                texture.draw(gpu, &scene)?;
                texture.id()
            }
            Backend::Cpu => {
                let frames = CpuEngine.forward(&scene).map_err(|e| e.to_string())?;
                let image = atlas(&pictures(&frames, size, size).map_err(|e| e.to_string())?, size);
                match &mut self.texture {
                    Some(Texture::Cpu(texture)) => texture.set(image, egui::TextureOptions::LINEAR),
                    texture => {
                        let new = ctx.load_texture("draction", image, egui::TextureOptions::LINEAR);
                        *texture = Some(Texture::Cpu(new));
                    }
                }
                self.texture.as_ref().expect("just set").id()
            }
        };
        self.key = Some(key);
        Ok(id)
    }
}

/// Pictures of one size side by side.
pub(super) fn atlas(pictures: &[Picture], size: usize) -> egui::ColorImage {
    let mut rgb = Vec::with_capacity(pictures.len() * size * size * 3);
    for y in 0..size {
        for picture in pictures {
            rgb.extend_from_slice(&picture.rgb[y * size * 3..][..size * 3]);
        }
    }
    egui::ColorImage::from_rgb([pictures.len() * size, size], &rgb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_atlas_puts_pictures_side_by_side() {
        // two pictures of 2×2: black but for one red pixel, and all white
        let mut frames = vec![0.0; 12];
        frames[9] = 1.0; // lower right
        frames.extend(vec![2.0; 12]);
        let image = atlas(&pictures(&frames, 2, 2).expect("two pictures"), 2);
        assert_eq!(image.size, [4, 2]);
        assert_eq!(image.pixels[5], egui::Color32::from_rgb(255, 0, 0));
        assert_eq!(image.pixels[6], egui::Color32::WHITE);
        assert_eq!(image.pixels[0], egui::Color32::BLACK);
    }
}
