//! Units of length and up axes.

use std::{borrow::Cow, fmt, str::FromStr};

use glam::{DQuat, DVec3};
use serde::{Deserialize, Serialize};

/// A unit of length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    /// What it is called: `m`, `cm`, `mm`, `inch`, or a description where nothing usual fits.
    pub name: Cow<'static, str>,
    /// Metres in one unit, finite and above zero.
    pub metres: f64,
}

impl Unit {
    /// Metre.
    pub const METRE: Self = Self::named("m", 1.0);
    /// Centimetre.
    pub const CENTIMETRE: Self = Self::named("cm", 0.01);
    /// Millimetre.
    pub const MILLIMETRE: Self = Self::named("mm", 0.001);
    /// Inch.
    pub const INCH: Self = Self::named("inch", 0.0254);
    /// The CMU motion capture database's: inches, divided by 0.45.
    pub const CMU: Self = Self::named("inch / 0.45 (CMU)", 0.0254 / 0.45);

    /// MikuMikuDance's: about eight centimetres.
    pub const MMD: Self = Self::named("8 cm (MMD)", 0.08);

    const fn named(name: &'static str, metres: f64) -> Self {
        Self { name: Cow::Borrowed(name), metres }
    }
}

impl Default for Unit {
    fn default() -> Self {
        Self::METRE
    }
}

impl FromStr for Unit {
    type Err = String;

    /// `m`, `cm`, `mm`, `inch`, `ft`, `cmu`, `mmd`, or a number of metres such as `0.05644`.
    fn from_str(s: &str) -> Result<Self, String> {
        Ok(match s.trim().to_ascii_lowercase().as_str() {
            "m" | "metre" | "metres" | "meter" | "meters" => Self::METRE,
            "cm" | "centimetre" | "centimetres" | "centimeter" | "centimeters" => Self::CENTIMETRE,
            "mm" | "millimetre" | "millimetres" | "millimeter" | "millimeters" => Self::MILLIMETRE,
            "in" | "inch" | "inches" => Self::INCH,
            "ft" | "foot" | "feet" => Self::named("foot", 0.3048),
            "cmu" => Self::CMU,
            "mmd" => Self::MMD,
            other => match other.parse::<f64>() {
                Ok(metres) if metres.is_finite() && metres > 0.0 => {
                    // a number of a dozen digits is easier to read with its exponent
                    let plain = (1e-6..1e9).contains(&metres);
                    let name = if plain { format!("{metres} m") } else { format!("{metres:e} m") };
                    Self { name: Cow::Owned(name), metres }
                }
                _ => {
                    return Err(format!(
                        "unknown unit '{s}': give m, cm, mm, inch, ft, cmu, mmd or metres as a number"
                    ));
                }
            },
        })
    }
}

/// The axis of a file that points away from the floor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum UpAxis {
    /// +x.
    PlusX,
    /// −x.
    MinusX,
    /// +y, as in most files and as in a [`super::Motion`].
    #[default]
    PlusY,
    /// −y, as in image coordinates.
    MinusY,
    /// +z, as in many tools for engineering and animation.
    PlusZ,
    /// −z.
    MinusZ,
}

impl UpAxis {
    pub(super) const ALL: [Self; 6] = [Self::PlusY, Self::PlusZ, Self::MinusY, Self::MinusZ, Self::PlusX, Self::MinusX];

    /// The vector that becomes (0, 1, 0).
    pub(super) fn vector(self) -> DVec3 {
        match self {
            Self::PlusX => DVec3::X,
            Self::MinusX => DVec3::NEG_X,
            Self::PlusY => DVec3::Y,
            Self::MinusY => DVec3::NEG_Y,
            Self::PlusZ => DVec3::Z,
            Self::MinusZ => DVec3::NEG_Z,
        }
    }

    /// Turns a point so that this axis becomes +y; always a proper rotation, so left stays left.
    pub(super) fn to_y_up(self, [x, y, z]: [f32; 3]) -> [f32; 3] {
        match self {
            Self::PlusX => [-y, x, z],
            Self::MinusX => [y, -x, z],
            Self::PlusY => [x, y, z],
            Self::MinusY => [x, -y, -z],
            Self::PlusZ => [x, z, -y],
            Self::MinusZ => [x, -z, y],
        }
    }

    /// The same rotation as a quaternion.
    pub(super) fn rotation(self) -> DQuat {
        let h = std::f64::consts::FRAC_1_SQRT_2;
        let [x, z, w] = match self {
            Self::PlusX => [0.0, h, h],
            Self::MinusX => [0.0, -h, h],
            Self::PlusY => [0.0, 0.0, 1.0],
            Self::MinusY => [1.0, 0.0, 0.0],
            Self::PlusZ => [-h, 0.0, h],
            Self::MinusZ => [h, 0.0, h],
        };
        DQuat::from_xyzw(x, 0.0, z, w)
    }
}

impl fmt::Display for UpAxis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PlusX => "+x",
            Self::MinusX => "-x",
            Self::PlusY => "+y",
            Self::MinusY => "-y",
            Self::PlusZ => "+z",
            Self::MinusZ => "-z",
        })
    }
}

impl FromStr for UpAxis {
    type Err = String;

    /// `+y`, `y`, `-z`, …
    fn from_str(s: &str) -> Result<Self, String> {
        Ok(match s.trim().to_ascii_lowercase().as_str() {
            "x" | "+x" => Self::PlusX,
            "-x" => Self::MinusX,
            "y" | "+y" => Self::PlusY,
            "-y" => Self::MinusY,
            "z" | "+z" => Self::PlusZ,
            "-z" => Self::MinusZ,
            _ => return Err(format!("unknown axis '{s}': give +x, -x, +y, -y, +z or -z")),
        })
    }
}

#[cfg(test)]
mod tests {
    use glam::Vec3;

    use super::{super::quaternion::rotate, *};

    #[test]
    fn every_axis_turns_upright_and_stays_right_handed() {
        for axis in UpAxis::ALL {
            let up = axis.vector().as_vec3().to_array();
            assert_eq!(axis.to_y_up(up).map(|v| v + 0.0), [0.0, 1.0, 0.0], "{axis}");
            let [a, b, c] = DVec3::AXES.map(|e| {
                let turned = rotate(axis.rotation(), e);
                let direct = Vec3::from(axis.to_y_up(e.as_vec3().to_array())).as_dvec3();
                assert!(turned.distance(direct) < 1e-9, "{axis}: {turned:?} {direct:?}");
                direct
            });
            assert!((a.cross(b).dot(c) - 1.0).abs() < 1e-9);
            assert_eq!(axis.to_string().parse(), Ok(axis));
        }
    }

    #[test]
    fn units_parse_by_name_and_by_number() {
        assert_eq!("Inch".parse(), Ok(Unit::INCH));
        assert_eq!("0.5".parse::<Unit>().map(|u| u.metres), Ok(0.5));
        for (number, name) in [("0.0025", "0.0025 m"), ("1e-300", "1e-300 m"), ("1e300", "1e300 m")] {
            assert_eq!(number.parse::<Unit>().unwrap().name, name);
        }
        for bad in ["", "ell", "-1", "nan", "0"] {
            assert!(bad.parse::<Unit>().is_err(), "{bad}");
        }
    }
}
