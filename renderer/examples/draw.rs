//! A motion file as twelve pictures on one PNG.
//!
//! `cargo run --release --example draw -- assets/samples/walk.bvh walk.png`

use std::error::Error;

use draction::{
    Renderer,
    export::{contact_sheet, encode_png, pictures},
    motion::read_file,
    store::write_atomically,
};

fn main() -> Result<(), Box<dyn Error>> {
    let [file, picture] = <[String; 2]>::try_from(std::env::args().skip(1).collect::<Vec<_>>())
        .map_err(|_| "give a motion file and the picture to write")?;

    let motion = read_file(file, &Default::default())?;
    let rendering = Renderer::new().draw(&motion)?;

    let pictures = pictures(&rendering.frames, rendering.width, rendering.height)?;
    write_atomically(picture.as_ref(), &encode_png(&contact_sheet(&pictures))?)?;
    Ok(())
}
