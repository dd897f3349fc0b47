//! Whole videos, made of a sample by the CPU twin.

use draction::{engine::Scene, export::pictures};
use eframe::egui::{Color32, Rect};
use skeletonllm::{assistant::Span, drawing::HostDrawing, folder::ModelFiles};

use super::{
    frame::{Frames, Layout},
    *,
};
use crate::{
    document::Document,
    files::sample,
    pictures::{Backend, LIVE_SIZE, Pictures},
    theme::Palette,
};

/// A video of a sample, dark, with the label "squat" in its first half second and "stand" after it.
fn video(shown: Shown, from: f64, to: f64) -> Video {
    let files = ModelFiles::read(&skeletonllm_checks::asset("nano")).expect("the shipped model");
    let drawing = HostDrawing::from_files(&files.config, files.draction.as_deref()).expect("its renderer");
    let mut pictures = Pictures::new(Backend::Cpu, drawing);
    let mut document = Document::default();
    document.open(sample("wave_left_hand.bvh")).expect("a motion");
    let span = |start_seconds, end_seconds, label: &str| Span {
        start_seconds,
        end_seconds,
        label: label.to_owned(),
        probability: 0.8,
    };
    let subject = document.subject(0).expect("just opened");
    let take = document.take_mut().expect("just opened");
    take.spans = vec![span(0.0, 0.5, "squat"), span(0.5, 9.0, "stand")];
    Video {
        shown,
        stretch: Stretch { from, to, cut_from: None },
        motion: take.motion.clone(),
        look: Look { orbit: Orbit::new(&take.motion), dark: true, ..Look::default() },
        captions: Captions::of(take),
        pictures: pictures.prepared(&subject).expect("somebody is there"),
        engine: pictures.backend().engine(),
    }
}

/// Frame `n` as rows of RGBA.
fn frame(frames: &mut Frames, n: usize) -> Vec<[u8; 4]> {
    let rgba = pollster::block_on(frames.frame(n)).expect("a frame");
    rgba.chunks_exact(4).map(|p| [p[0], p[1], p[2], p[3]]).collect()
}

/// The pixels of a place.
fn part(pixels: &[[u8; 4]], [width, _]: [usize; 2], place: Rect) -> Vec<[u8; 4]> {
    let rows = pixels.chunks_exact(width).take(place.bottom() as usize).skip(place.top() as usize);
    rows.flat_map(|row| &row[place.left() as usize..place.right() as usize]).copied().collect()
}

fn distance(a: [u8; 4], b: Color32) -> i32 {
    (0..3).map(|c| (i32::from(a[c]) - i32::from(b[c])).pow(2)).sum()
}

#[test]
fn sizes_are_even_whatever_is_shown() {
    for shown in Shown::ALL {
        assert_eq!(Shown::named(shown.name()), Some(shown));
        for scale in [1.0, 0.75] {
            let [width, height] = Layout::of(shown).pixels(scale);
            assert!(width.is_multiple_of(2) && height.is_multiple_of(2), "{width} by {height}");
            assert!(width as f32 == Layout::of(shown).caption.right() * scale, "no part of a pixel is left");
        }
    }
}

#[test]
fn the_picture_is_the_one_at_the_playhead() {
    let (mut frames, probe) = (Frames::new(video(Shown::Both, 0.0, 3.0), 1.0, 30), video(Shown::Both, 0.0, 3.0));
    let layout = Layout::of(Shown::Both);
    assert_eq!((frames.count(), frames.size()), (90, layout.pixels(1.0)));
    let mut before = Vec::new();
    for n in [10, 40] {
        let seen = frame(&mut frames, n);
        let picture = part(&seen, frames.size(), layout.picture.expect("a picture"));
        // 30 frames a second in the file, too
        let clip = probe.pictures.frame(n).expect("a frame");
        let scene = Scene::new([&clip], probe.pictures.draction(), LIVE_SIZE, LIVE_SIZE).expect("a scene");
        let drawn = pollster::block_on(probe.engine.frames(&scene)).expect("a picture");
        let expected = pictures(&drawn, LIVE_SIZE, LIVE_SIZE).expect("a picture").remove(0);
        assert!(expected.rgb.iter().filter(|v| **v > 60).count() > 10_000, "somebody is on it");
        let of = |p: &[u8; 4]| [p[0], p[1], p[2]];
        let off = picture.iter().flat_map(of).zip(&expected.rgb).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(off <= Some(1), "frame {n} is off by {off:?}");
        assert_ne!(picture, before, "it moves");
        before = picture;
    }
}

#[test]
fn the_scene_shows_hands_where_they_are() {
    let place = Layout::of(Shown::Scene).scene.expect("a scene");
    let probe = video(Shown::Scene, 0.0, 3.0);
    let mut frames = Frames::new(video(Shown::Scene, 0.0, 3.0), 1.0, 30);
    // by hand: from the target backwards along yaw and pitch, and an opening angle of 30°
    let orbit = &probe.look.orbit;
    assert!(!orbit.follow, "this one stays where he is");
    let ([sy, cy], [sp, cp]) = ([orbit.yaw.sin(), orbit.yaw.cos()], [orbit.pitch.sin(), orbit.pitch.cos()]);
    let back = glam::vec3(sy * cp, sp, cy * cp);
    let (right, up) = (glam::vec3(cy, 0.0, -sy), glam::vec3(-sy * sp, cp, -cy * sp));
    let mut seen = frame(&mut frames, 0);
    // what the view itself found for its size; the same for all frames
    let distance_to_eye = frames.look().orbit.distance;
    for n in [0, 20, 45, 70] {
        seen = if n > 0 { frame(&mut frames, n) } else { seen };
        for (hand, color) in [("LeftHand", Palette::DARK.left), ("RightHand", Palette::DARK.right)] {
            let names = &probe.motion.skeleton.names;
            let joint = names.iter().position(|name| name == hand).unwrap_or_else(|| panic!("{hand} of {names:?}"));
            let at = glam::Vec3::from(probe.motion.position(n, 0, joint)) - orbit.target;
            let depth = distance_to_eye - at.dot(back);
            let focal = place.height() / 2.0 / 15_f32.to_radians().tan();
            let x = (place.center().x + focal * at.dot(right) / depth) as usize;
            let y = (place.center().y - focal * at.dot(up) / depth) as usize;
            let around = (y - 2..=y + 2).flat_map(|y| (x - 2..=x + 2).map(move |x| (x, y)));
            let nearest = around.map(|(x, y)| distance(seen[y * place.width() as usize + x], color)).min();
            assert!(nearest < Some(60 * 60), "frame {n}: at {x}, {y} there is no {hand}: off by {nearest:?}");
        }
    }
}

#[test]
fn captions_are_written_and_change_with_the_label() {
    let layout = Layout::of(Shown::Scene);
    let mut frames = Frames::new(video(Shown::Scene, 0.4, 0.6), 1.0, 30);
    let size = frames.size();
    let all: Vec<_> = (0..frames.count()).map(|n| part(&frame(&mut frames, n), size, layout.caption)).collect();
    assert_eq!(all.len(), 6);
    let text = |caption: &[[u8; 4]]| caption.iter().filter(|p| distance(**p, Palette::DARK.text) < 300).count();
    assert!(all.iter().all(|caption| text(caption) > 100), "{:?}", all.iter().map(|c| text(c)).collect::<Vec<_>>());
    assert!(all[..3].iter().all(|caption| *caption == all[0]), "“squat” until half a second");
    assert!(all[3..].iter().all(|caption| *caption == all[3]) && all[3] != all[0], "then “stand”");
    // in the middle: nothing at the ends
    let width = size[0];
    let end = |x: usize| x % width < 100 || x % width > width - 100;
    assert!(all[0].iter().enumerate().skip(2 * width).all(|(n, p)| !end(n) || distance(*p, Palette::DARK.panel) == 0));
}

#[test]
fn without_an_encoder_it_is_a_gif_of_the_same_frames() {
    let making = Making::new("wave-scene".to_owned());
    let file = pollster::block_on(record(video(Shown::Scene, 0.2, 0.8), &making)).expect("no problem");
    let file = file.expect("it was not given up");
    assert_eq!((file.ending, file.mime), (".gif", "image/gif"));
    assert_eq!(making.progress(), (18, 18), "six to choose colours by, twelve to show");
    let mut frames = Frames::new(video(Shown::Scene, 0.2, 0.8), 0.75, 20);
    let [width, height] = frames.size();
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(&file.bytes[..]).expect("a GIF");
    assert_eq!([decoder.width(), decoder.height()].map(usize::from), [width, height]);
    let mut shown = vec![[0; 4]; width * height];
    for n in 0..12 {
        let decoded = decoder.read_next_frame().expect("a frame").unwrap_or_else(|| panic!("{n} frames"));
        assert_eq!(decoded.delay, 5);
        for (old, new) in shown.iter_mut().zip(decoded.buffer.chunks_exact(4)).filter(|(_, new)| new[3] > 0) {
            old.copy_from_slice(new);
        }
        let expected = frame(&mut frames, n);
        let off = |(a, b): (&[u8; 4], &[u8; 4])| distance(*a, Color32::from_rgb(b[0], b[1], b[2]));
        let all: Vec<i32> = shown.iter().zip(&expected).map(off).collect();
        let mean = all.iter().map(|d| f64::from(*d)).sum::<f64>() / all.len() as f64;
        assert!(mean.sqrt() < 3.0, "frame {n} is off by {:.1} on average", mean.sqrt());
        assert!(all.iter().all(|d| *d < 40 * 40), "a pixel of frame {n} is off by {:?}", all.iter().max());
    }
    assert!(decoder.read_next_frame().expect("the end").is_none());
}

#[test]
fn a_video_that_is_given_up_ends_at_once() {
    let making = Making::new("wave-both".to_owned());
    making.give_up();
    let file = pollster::block_on(record(video(Shown::Both, 0.0, 3.0), &making)).expect("no problem");
    assert!(file.is_none() && making.progress().0 == 0);
}
