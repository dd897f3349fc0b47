//! The readers, with what their files are made of.

use crate::{Input, seeds};

/// A reader to be tried.
pub struct Target {
    /// What it is called on the command line.
    pub name: &'static str,
    /// Whether its files are lines of words.
    pub text: bool,
    /// What its files are made of, beside numbers.
    pub words: &'static [&'static [u8]],
    /// How seeds are made.
    make: fn() -> Vec<Input>,
}

impl Target {
    /// Files that are read well, to begin with.
    #[must_use]
    pub fn seeds(&self) -> Vec<Input> {
        (self.make)()
    }
}

/// All readers.
pub const TARGETS: &[Target] = &[
    Target {
        name: "bvh",
        text: true,
        words: &[
            b"HIERARCHY",
            b"ROOT a\n{\n",
            b"JOINT b\n{\n",
            b"End Site\n{\n",
            b"}",
            b"{",
            b"OFFSET 0 1 0\n",
            b"CHANNELS 0\n",
            b"CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation\n",
            b"Xrotation",
            b"MOTION\n",
            b"Frames: 2\n",
            b"Frame Time: 0.1\n",
            b"FrameTime:0.1\n",
            b"\x1a",
            b"LeftHand",
            b"Lt_",
            b"\xe5\xb7\xa6\xe8\x85\x95",
            b"\xef\xbb\xbf",
            b"\0",
        ],
        make: seeds::bvh,
    },
    Target {
        name: "gltf",
        text: true,
        words: &[
            b"\"skins\":[",
            b"\"joints\":[0,1]",
            b"\"children\":[0]",
            b"\"children\":[1]",
            b"\"skeleton\":0",
            b"\"mesh\":0",
            b"\"STEP\"",
            b"\"CUBICSPLINE\"",
            b"\"matrix\":[1,0,0,0,0,1,0,0,0,0,1,0,0,0,0,1]",
            b"\"scale\":[0,0,0]",
            b"\"rotation\":[0,0,0,0]",
            b"\"byteStride\":4",
            b"\"sparse\":{\"count\":1}",
            b"\"normalized\":true",
            b"\"byteStride\":0",
            b"\"extras\":0",
            b"\"path\":\"pointer\"",
            b"\"max\":[3e38]",
            b"\"componentType\":5120",
            b"\"weights\"",
            b"\"uri\":\"data:application/octet-stream;base64,AAAA\"",
            b"\"uri\":\"../a\"",
            b"null",
            b"[]",
            b"{}",
            b"-1",
        ],
        make: seeds::gltf,
    },
    Target {
        name: "acclaim",
        text: true,
        words: &[
            b":units\n",
            b":root\n",
            b":bonedata\n",
            b":hierarchy\n",
            b"begin\n",
            b"end\n",
            b"angle rad\n",
            b"length 0\n",
            b"root",
            b"lleg",
            b"dof rx ry rz\n",
            b"dof tx\n",
            b"dof l\n",
            b"order TX TY TZ RX RY RZ\n",
            b"axis 0 0 0 XYZ\n",
            b"ZYX",
            b"limits (-inf inf)\n",
            b":DEGREES\n",
            b":RADIANS\n",
            b":SAMPLES-PER-SECOND 60\n",
            b"#",
            b"root lleg\n",
            b"lleg root\n",
        ],
        make: seeds::acclaim,
    },
    Target {
        name: "ntu",
        text: true,
        words: &[
            b"25\n",
            b"32\n",
            b"20\n",
            b"0\n",
            b"1\n",
            b"2\n",
            b"72057594037927936 0 1 1 1 1 0 0 0 2\n",
            b"-1",
            b" ",
            b"\n",
        ],
        make: seeds::ntu,
    },
    Target { name: "pku", text: true, words: &[b"0", b"0 0 0 ", b"\n", b" ", b"nan", b"1e9"], make: seeds::pku },
    Target {
        name: "msr",
        text: true,
        words: &[b"0 0 0 1\n", b"1\n", b"0", b"\n", b" ", b"nan", b"1e9"],
        make: seeds::msr,
    },
    Target {
        name: "humanml3d",
        text: true,
        words: &[
            b"{",
            b"}",
            b"[",
            b"]",
            b",",
            b":",
            b"\"skeletons\"",
            b"null",
            b"true",
            b"\"\\u0000\"",
            b"[0,1,0]",
            b"[[",
            b"]]",
        ],
        make: seeds::humanml3d,
    },
    Target {
        name: "keypoints",
        text: true,
        words: &[
            b"{",
            b"}",
            b"[",
            b"]",
            b",",
            b"null",
            b"NaN",
            b"\"people\":[]",
            b"\"pose_keypoints_3d\":[0,0,0]",
            b"\"keypoints\"",
            b"\"image_id\"",
            b"\"frames\"",
            b"\"landmarks\"",
            b"\"x\":1e30",
            b"\"idx\":2",
            b"\"person_id\":[3]",
            b"\"track_id\":1",
            b"\"fps\":0",
            b"\"fps\":\"1/0\"",
            b"\"keypoints3D\"",
            b"\"joints3d\"",
            b"\"skeleton_links\":[[0,1]]",
            b"\"timestamp\":1e9",
            b"\"instances\"",
            b"\"score\":0",
            b"[0,0,0]",
        ],
        make: seeds::keypoints,
    },
    Target {
        name: "npy",
        text: false,
        words: &[
            b"\x93NUMPY",
            b"\x93NUMPY\x02\x00",
            b"'descr': '<f4'",
            b"'descr': '>f8'",
            b"'descr': '<f2'",
            b"'descr': '|O'",
            b"'descr': '<i4'",
            b"'fortran_order': True",
            b"'shape': (2, 22, 3)",
            b"'shape': (1, 2, 17, 3)",
            b"'shape': ()",
            b"(99999999, 3)",
            b"(2L, 22L, 3L)",
            b"\xff\xfe",
            b"\xef\xbb\xbf",
            b"\"joints\"",
            b"\"parents\"",
            b"\"fps\"",
            b"\"bones\"",
            b"\"unit\"",
            b"\"up\"",
            b"null",
            b"[]",
            b"}",
        ],
        make: seeds::npy,
    },
    Target {
        name: "npz",
        text: false,
        words: &[
            b"PK\x03\x04",
            b"PK\x01\x02",
            b"PK\x05\x06",
            b"PK\x06\x06",
            b"\x93NUMPY",
            b".npy",
            b"\x1f\x8b\x08\0",
            b"\x08\0",
            b"\xff\xff\xff\xff",
            b"'>f8'",
            b"'|u1'",
            b"(3, 12297829382473034411)",
        ],
        make: seeds::npz,
    },
    // what one reader is used to is put before another one
    Target {
        name: "anything",
        text: true,
        words: &[
            b"HIERARCHY",
            b"{\"",
            b"[",
            b"\x93NUMPY",
            b"1\n",
            b"PK\x03\x04",
            b"glTF",
            b"#",
            b"<",
            b"\xef\xbb\xbf",
            b"\xff\xfe",
            b"\0",
        ],
        make: seeds::all,
    },
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::{Outcome, check};

    #[test]
    fn every_seed_is_read() {
        for target in TARGETS {
            let seeds = target.seeds();
            assert!(seeds.len() > 1, "{}", target.name);
            for seed in seeds {
                let outcome = check(&seed).unwrap_or_else(|wrong| panic!("{}: {}: {wrong}", target.name, seed.name));
                assert!(matches!(outcome, Outcome::Read(_)), "{}: {}: {outcome:?}", target.name, seed.name);
                assert!(seed.len() < 40 << 10, "{}: {} has {} bytes", target.name, seed.name, seed.len());
            }
        }
    }

    #[test]
    fn targets_have_names_of_their_own() {
        let names: HashSet<&str> = TARGETS.iter().map(|target| target.name).collect();
        assert_eq!(names.len(), TARGETS.len());
    }
}
