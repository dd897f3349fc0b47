//! NTU RGB+D `.skeleton` files.

use std::fmt::Write as _;

use super::super::{Layout, Motion, MotionError, error::Cause};

/// Writes an NTU RGB+D `.skeleton` file (spec A.1.1), rounded to millimetres. Pixel positions are those of a pinhole with
/// the sensor's focal lengths; every joint counts as tracked.
///
/// # Errors
/// When the skeleton does not have Kinect's 25 joints.
pub fn write_ntu(motion: &Motion) -> Result<String, MotionError> {
    let joints = Layout::Ntu25.names().len();
    if motion.joints() != joints {
        let text = format!("a .skeleton file has {joints} joints, not {}", motion.joints());
        return Err(Cause::Malformed(text).at(&motion.source.file, None));
    }
    let mut out = format!("{}\n", motion.frames());
    for t in 0..motion.frames() {
        let bodies: Vec<usize> = (0..motion.bodies).filter(|&p| motion.is_present(t, p)).collect();
        let _ = writeln!(out, "{}", bodies.len());
        for p in bodies {
            let id = motion.source.body_ids.get(p).copied();
            let id = id.unwrap_or(72_057_594_037_927_936 + p as u64);
            let _ = writeln!(out, "{id} 0 1 1 1 1 0 0 0 2\n{joints}");
            for j in 0..joints {
                let [x, y, z] = motion.position(t, p, j);
                let depth = pixel(x, y, z, 365.0, [256.0, 212.0]);
                let colour = pixel(x, y, z, 1081.0, [960.0, 540.0]);
                let q = motion.orientation(t, p, j);
                let _ = writeln!(
                    out,
                    "{x:.3} {y:.3} {z:.3} {:.0} {:.0} {:.0} {:.0} {:.3} {:.3} {:.3} {:.3} 2",
                    depth[0], depth[1], colour[0], colour[1], q[0], q[1], q[2], q[3]
                );
            }
        }
    }
    Ok(out)
}

fn pixel(x: f32, y: f32, z: f32, focal: f32, centre: [f32; 2]) -> [f32; 2] {
    let z = z.max(0.1);
    [centre[0] + focal * x / z, centre[1] - focal * y / z]
}
