//! What can be said of a motion: which side, which way, how high, how fast.

/// Left, right, both or neither of a pair of limbs. The performer's left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limbs {
    /// Only the left one.
    Left,
    /// Only the right one.
    Right,
    /// Both.
    Both,
    /// None of the two.
    Neither,
}

impl Limbs {
    /// From one answer a side.
    pub fn of(left: bool, right: bool) -> Limbs {
        match (left, right) {
            (true, true) => Limbs::Both,
            (true, false) => Limbs::Left,
            (false, true) => Limbs::Right,
            (false, false) => Limbs::Neither,
        }
    }

    /// The same of the mirrored motion.
    pub fn mirrored(self) -> Limbs {
        match self {
            Limbs::Left => Limbs::Right,
            Limbs::Right => Limbs::Left,
            same => same,
        }
    }
}

/// The way a person goes, seen from the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Travel {
    /// Nowhere.
    InPlace,
    /// The way the body faces.
    Forward,
    /// Backwards.
    Backward,
    /// Sideways to the performer's left.
    Left,
    /// Sideways to the performer's right.
    Right,
}

impl Travel {
    /// The nearest of the four ways; `way` to the left and forward.
    pub fn along([left, forward]: [f32; 2]) -> Travel {
        if forward.abs() >= left.abs() {
            if forward > 0.0 { Travel::Forward } else { Travel::Backward }
        } else if left > 0.0 {
            Travel::Left
        } else {
            Travel::Right
        }
    }

    /// The same of the mirrored motion.
    pub fn mirrored(self) -> Travel {
        match self {
            Travel::Left => Travel::Right,
            Travel::Right => Travel::Left,
            same => same,
        }
    }
}

/// The way a person turns about the vertical, seen from the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Turning {
    /// Keeps the direction.
    Straight,
    /// Ends up facing further left.
    Left,
    /// Ends up facing further right.
    Right,
}

impl Turning {
    /// The same of the mirrored motion.
    pub fn mirrored(self) -> Turning {
        match self {
            Turning::Left => Turning::Right,
            Turning::Right => Turning::Left,
            same => same,
        }
    }
}

/// What the height of the pelvis does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Posture {
    /// Stays up.
    Upright,
    /// Begins up and ends low: sits or crouches down.
    GoesDown,
    /// Begins low and ends up.
    ComesUp,
    /// Up, low, up again.
    DownAndUp,
    /// Stays low: sits or crouches.
    Low,
    /// Stays with the pelvis on the floor.
    OnGround,
}

/// How fast the fastest limb moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pace {
    /// Below [`SLOW_BELOW`](super::SLOW_BELOW).
    Slow,
    /// Above [`FAST_ABOVE`](super::FAST_ABOVE).
    Fast,
}
