//! Joints in words.

/// "LeftHand", or "LeftForeArm 70 % · LeftHand 30 %".
pub(crate) fn joints_named(joints: &[(usize, f32)], names: &[String]) -> String {
    let name = |joint: usize| names.get(joint).map_or_else(|| format!("joint {joint}"), String::clone);
    match joints {
        [] => "nobody".to_owned(),
        [(joint, _)] => name(*joint),
        _ => {
            let said = joints.iter().take(3).map(|&(j, share)| format!("{} {:.0} %", name(j), share * 100.0));
            said.collect::<Vec<_>>().join(" · ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joints_have_names() {
        let names = ["Hip".to_owned(), "Knee".to_owned()];
        assert_eq!(joints_named(&[(1, 1.0)], &names), "Knee");
        assert_eq!(joints_named(&[(0, 0.7), (1, 0.3)], &names), "Hip 70 % · Knee 30 %");
        assert_eq!(joints_named(&[(9, 1.0)], &names), "joint 9");
        assert_eq!(joints_named(&[], &names), "nobody");
    }
}
