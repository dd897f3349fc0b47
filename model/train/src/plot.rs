//! Pictures of numbers: curves of a training run, and confusion matrices.

use std::{path::Path, sync::Once};

use anyhow::{Result, anyhow};
use plotters::{coord::Shift, prelude::*};

use crate::evaluate::calibration::Calibration;

/// A named line.
pub struct Curve<'a> {
    /// Its title.
    pub name: &'a str,
    /// `(x, y)` in order.
    pub points: Vec<(f64, f64)>,
}

const COLOURS: [RGBColor; 7] = [
    RGBColor(38, 98, 170),
    RGBColor(214, 96, 30),
    RGBColor(60, 140, 80),
    RGBColor(150, 70, 160),
    RGBColor(110, 110, 120),
    RGBColor(200, 160, 20),
    RGBColor(30, 160, 175),
];
const INK: RGBColor = RGBColor(50, 54, 60);

/// The picture's text is drawn with egui's own font, so that no font need be installed.
fn fonts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let font = epaint_default_fonts::UBUNTU_LIGHT;
        // fails only for a broken font file, and then the text is missing and the picture is not
        let _ = plotters::style::register_font("sans-serif", FontStyle::Normal, font);
    });
}

/// Draws curves below each other over one horizontal axis, each with a vertical axis of its own from zero up.
///
/// # Errors
/// When the picture cannot be drawn or written.
pub fn curves(path: &Path, x_name: &str, curves: &[Curve<'_>]) -> Result<()> {
    let panels: Vec<Panel<'_>> = curves
        .iter()
        .zip(COLOURS.iter().cycle())
        .map(|(curve, &colour)| Panel { title: curve.name, lines: vec![(curve, colour)] })
        .collect();
    draw(path, x_name, 320, &panels)
}

/// Draws curves into one picture, with their names beside it.
///
/// # Errors
/// When the picture cannot be drawn or written.
pub fn compared(path: &Path, title: &str, x_name: &str, curves: &[Curve<'_>]) -> Result<()> {
    let lines = curves.iter().zip(COLOURS.iter().copied().cycle()).collect();
    draw(path, x_name, 600, &[Panel { title, lines }])
}

/// Draws accuracy against confidence, with the diagonal on which they are equal, and below it the share of wrong answers
/// against the share of clips that are answered.
///
/// # Errors
/// When the picture cannot be drawn or written.
pub fn calibration(path: &Path, calibration: &Calibration) -> Result<()> {
    let bins = calibration.bins.iter().map(|bin| (100.0 * bin.confidence, bin.accuracy)).collect();
    let risk = calibration.risk.iter().map(|at| (100.0 * at.coverage, at.risk)).collect();
    let curves = [
        Curve { name: "accuracy at this confidence", points: bins },
        Curve { name: "as right as it is sure", points: vec![(0.0, 0.0), (100.0, 1.0)] },
        Curve { name: "share of wrong answers among the surest clips", points: risk },
    ];
    let reliability = Panel { title: "accuracy", lines: vec![(&curves[0], COLOURS[0]), (&curves[1], COLOURS[4])] };
    let risk = Panel { title: curves[2].name, lines: vec![(&curves[2], COLOURS[1])] };
    draw(path, "confidence; answered clips (percent)", 420, &[reliability, risk])
}

/// What is drawn on.
type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

/// What shares a pair of axes.
struct Panel<'a> {
    title: &'a str,
    lines: Vec<(&'a Curve<'a>, RGBColor)>,
}

fn draw(path: &Path, x_name: &str, panel_height: u32, panels: &[Panel<'_>]) -> Result<()> {
    let curves = || panels.iter().flat_map(|p| &p.lines);
    let right = curves().flat_map(|(c, _)| &c.points).map(|p| p.0).fold(1.0, f64::max);
    let (width, count) = (1000u32, panels.len().max(1));
    let height = panel_height * count as u32;
    picture(path, (width, height), |area| {
        for (place, Panel { title, lines }) in area.split_evenly((count, 1)).iter().zip(panels) {
            let finite =
                |curve: &Curve<'_>| curve.points.iter().copied().filter(|p| p.1.is_finite()).collect::<Vec<_>>();
            let top = lines.iter().flat_map(|(c, _)| finite(c)).map(|p| p.1).fold(1e-3, f64::max) * 1.05;
            let text = || ("sans-serif", 16).into_font().color(&INK);
            let mut chart = ChartBuilder::on(place)
                .caption(*title, ("sans-serif", 22).into_font().color(&INK))
                .margin(14)
                .x_label_area_size(40)
                .y_label_area_size(56)
                .build_cartesian_2d(0.0..right, 0.0..top)?;
            chart
                .configure_mesh()
                .x_desc(x_name)
                .x_label_formatter(&|x| format!("{x:.0}"))
                .y_label_formatter(&|y| format!("{y:.1}"))
                .label_style(text())
                .light_line_style(RGBColor(246, 246, 248))
                .bold_line_style(RGBColor(226, 226, 230))
                .draw()?;
            for &(curve, colour) in lines {
                let line = chart.draw_series(LineSeries::new(finite(curve), colour.stroke_width(2)))?;
                if lines.len() > 1 {
                    let sample = move |(x, y)| PathElement::new(vec![(x, y), (x + 22, y)], colour.stroke_width(3));
                    line.label(curve.name).legend(sample);
                }
            }
            if lines.len() > 1 {
                let labels = &mut chart.configure_series_labels();
                labels.position(SeriesLabelPosition::LowerRight).label_font(text()).background_style(WHITE.mix(0.8));
                labels.draw()?;
            }
        }
        Ok(())
    })
}

/// Draws shares in 0..=1 as bars in percent: a group for each title, in it a bar for each name; nothing where there is no
/// share.
///
/// # Errors
/// When the picture cannot be drawn or written.
pub fn bars(path: &Path, title: &str, names: &[&str], groups: &[(&str, Vec<Option<f64>>)]) -> Result<()> {
    let (width, height) = (1000u32, 460u32);
    let [left, top, floor] = [60, 60, 360];
    picture(path, (width, height), |area| {
        let text = ("sans-serif", 16).into_font().color(&INK);
        let small = ("sans-serif", 13).into_font().color(&INK);
        area.draw_text(title, &("sans-serif", 22).into_font().color(&INK), (left, 16))?;
        let y = |share: f64| floor - (share.clamp(0.0, 1.0) * f64::from(floor - top)) as i32;
        for tenth in (0..=10).step_by(2) {
            let level = y(f64::from(tenth) / 10.0);
            area.draw(&PathElement::new([(left, level), (width as i32 - 20, level)], RGBColor(226, 226, 230)))?;
            area.draw_text(&format!("{}", 10 * tenth), &small, (20, level - 7))?;
        }
        let group = (width as i32 - left - 20) / groups.len().max(1) as i32;
        let bar = (group - 24) / names.len().max(1) as i32;
        for (n, (title, shares)) in groups.iter().enumerate() {
            let start = left + n as i32 * group + 12;
            area.draw_text(title, &text, (start, floor + 8))?;
            for (k, share) in shares.iter().enumerate() {
                let Some(share) = share.filter(|share| share.is_finite()) else { continue };
                let (from, to) = (start + k as i32 * bar, start + (k as i32 + 1) * bar - 2);
                let colour = COLOURS[k % COLOURS.len()];
                area.draw(&Rectangle::new([(from, y(share)), (to, floor)], colour.filled()))?;
                area.draw_text(&format!("{:.0}", 100.0 * share), &small, (from, y(share) - 15))?;
            }
        }
        let mut at = left;
        for (name, colour) in names.iter().zip(COLOURS.iter().cycle()) {
            area.draw(&Rectangle::new([(at, floor + 48), (at + 14, floor + 62)], colour.filled()))?;
            area.draw_text(name, &text, (at + 20, floor + 46))?;
            at += 40 + area.estimate_text_size(name, &text)?.0 as i32;
        }
        Ok(())
    })
}

/// Draws a confusion matrix: `counts[truth][answer]`, each row shaded by its share.
///
/// # Errors
/// When the picture cannot be drawn or written.
pub fn confusion(path: &Path, title: &str, names: &[String], counts: &[Vec<usize>]) -> Result<()> {
    let n = names.len() as i32;
    let (cell, left, top) = ((900 / n.max(1)).clamp(18, 60), 300, 300);
    let (width, height) = ((left + n * cell + 30) as u32, (top + n * cell + 30) as u32);
    picture(path, (width, height), |area| {
        let size = (f64::from(cell) * 0.6).clamp(11.0, 18.0);
        let text = ("sans-serif", size).into_font().color(&INK);
        area.draw_text(title, &("sans-serif", 24).into_font().color(&INK), (16, 14))?;
        area.draw_text("rows: truth, columns: answer", &text, (16, 48))?;
        let sideways = ("sans-serif", size).into_font().transform(FontTransform::Rotate270).color(&INK);
        for (i, name) in names.iter().enumerate() {
            let at = i as i32 * cell;
            let (length, _) = area.estimate_text_size(name, &text)?;
            area.draw_text(name, &text, (left - 8 - length as i32, top + at + cell / 4))?;
            area.draw_text(name, &sideways, (left + at + cell / 4, top - 8))?;
        }
        for (i, row) in counts.iter().enumerate() {
            let total: usize = row.iter().sum();
            for (j, &count) in row.iter().enumerate() {
                let share = if total == 0 { 0.0 } else { count as f64 / total as f64 };
                let (x, y) = (left + j as i32 * cell, top + i as i32 * cell);
                let square = [(x, y), (x + cell - 1, y + cell - 1)];
                area.draw(&Rectangle::new(square, shade(share, i == j).filled()))?;
                if count > 0 {
                    let ink = if share > 0.55 { WHITE } else { INK };
                    let style = ("sans-serif", size * 0.85).into_font().color(&ink);
                    area.draw_text(&count.to_string(), &style, (x + cell / 5, y + cell / 5))?;
                }
            }
        }
        Ok(())
    })
}

/// White to blue where truth and answer agree, to red where they do not.
fn shade(share: f64, right: bool) -> RGBColor {
    let full = if right { [26.0, 84.0, 150.0] } else { [190.0, 40.0, 30.0] };
    let [r, g, b] = full.map(|c| (246.0 + (c - 246.0) * share.sqrt()) as u8);
    RGBColor(r, g, b)
}

/// Writes what is drawn on a white area of so many pixels.
fn picture(path: &Path, (width, height): (u32, u32), draw: impl FnOnce(&Area<'_>) -> Result<()>) -> Result<()> {
    fonts();
    let mut pixels = vec![0u8; (width * height * 3) as usize];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        area.fill(&WHITE)?;
        draw(&area)?;
        area.present()?;
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header()?.write_image_data(&pixels)?;
    draction::store::write_atomically(path, &bytes).map_err(|e| anyhow!("cannot write {}: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_hold_ink() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        curves(&path, "step", &[Curve { name: "loss", points: vec![(0.0, 3.0), (10.0, 1.0)] }]).unwrap();
        let curve = std::fs::read(&path).unwrap();
        let line = |name| Curve { name, points: vec![(0.0, 0.1), (10.0, 0.9)] };
        compared(&path, "top-1", "step", &[line("full"), line("frozen")]).unwrap();
        let both = std::fs::read(&path).unwrap();
        compared(&path, "top-1", "step", &[line("full"), line("")]).unwrap();
        assert_ne!(both, std::fs::read(&path).unwrap(), "the names are beside the lines");
        let group = |share| ("own labels", vec![Some(0.9), share]);
        bars(&path, "top-1", &["one", "two"], &[group(Some(0.4))]).unwrap();
        let two = std::fs::read(&path).unwrap();
        bars(&path, "top-1", &["one", "two"], &[group(None)]).unwrap();
        assert_ne!(two, std::fs::read(&path).unwrap(), "no bar where there is no share");
        confusion(&path, "all", &["wave".into(), "walk".into()], &[vec![3, 1], vec![0, 9]]).unwrap();
        assert_ne!(curve, std::fs::read(&path).unwrap());
        let reader = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(&path).unwrap()));
        let mut reader = reader.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        assert!(pixels.iter().filter(|&&p| p < 128).count() > 500);
    }
}
