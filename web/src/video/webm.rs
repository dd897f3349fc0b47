//! A WebM file with one video track: EBML elements as RFC 8794 and RFC 9559 describe them.
//!
//! Everything is known when the file is written, so that every element states its size, the length stands at the
//! beginning, and players find where they can jump to (cues) before the frames.

use crate::platform::EncodedFrame;

/// Milliseconds that a cluster spans at most: its frames count from its start in 16 bits.
const CLUSTER: u64 = 30_000;

/// Elements that are written, by their ids.
mod id {
    pub const EBML: u32 = 0x1A45_DFA3;
    pub const EBML_VERSION: u32 = 0x4286;
    pub const EBML_READ_VERSION: u32 = 0x42F7;
    pub const EBML_MAX_ID_LENGTH: u32 = 0x42F2;
    pub const EBML_MAX_SIZE_LENGTH: u32 = 0x42F3;
    pub const DOC_TYPE: u32 = 0x4282;
    pub const DOC_TYPE_VERSION: u32 = 0x4287;
    pub const DOC_TYPE_READ_VERSION: u32 = 0x4285;
    pub const SEGMENT: u32 = 0x1853_8067;
    pub const INFO: u32 = 0x1549_A966;
    pub const TIMESTAMP_SCALE: u32 = 0x2A_D7B1;
    pub const DURATION: u32 = 0x4489;
    pub const MUXING_APP: u32 = 0x4D80;
    pub const WRITING_APP: u32 = 0x5741;
    pub const TRACKS: u32 = 0x1654_AE6B;
    pub const TRACK_ENTRY: u32 = 0xAE;
    pub const TRACK_NUMBER: u32 = 0xD7;
    pub const TRACK_UID: u32 = 0x73C5;
    pub const TRACK_TYPE: u32 = 0x83;
    pub const FLAG_LACING: u32 = 0x9C;
    pub const DEFAULT_DURATION: u32 = 0x23_E383;
    pub const CODEC_ID: u32 = 0x86;
    pub const VIDEO: u32 = 0xE0;
    pub const PIXEL_WIDTH: u32 = 0xB0;
    pub const PIXEL_HEIGHT: u32 = 0xBA;
    pub const COLOUR: u32 = 0x55B0;
    pub const MATRIX_COEFFICIENTS: u32 = 0x55B1;
    pub const RANGE: u32 = 0x55B9;
    pub const TRANSFER_CHARACTERISTICS: u32 = 0x55BA;
    pub const PRIMARIES: u32 = 0x55BB;
    pub const CUES: u32 = 0x1C53_BB6B;
    pub const CUE_POINT: u32 = 0xBB;
    pub const CUE_TIME: u32 = 0xB3;
    pub const CUE_TRACK_POSITIONS: u32 = 0xB7;
    pub const CUE_TRACK: u32 = 0xF7;
    pub const CUE_CLUSTER_POSITION: u32 = 0xF1;
    pub const CLUSTER: u32 = 0x1F43_B675;
    pub const TIMESTAMP: u32 = 0xE7;
    pub const SIMPLE_BLOCK: u32 = 0xA3;
}

/// Frames on their way into a file.
pub(super) struct WebM {
    codec: &'static str,
    size: [usize; 2],
    fps: u32,
    frames: Vec<EncodedFrame>,
}

impl WebM {
    /// `codec` as Matroska names it, width and height in pixels. Colours are BT.709's, in the limited range.
    pub(super) fn new(codec: &'static str, size: [usize; 2], fps: u32) -> WebM {
        WebM { codec, size, fps, frames: Vec::new() }
    }

    /// Further frames, in their order.
    pub(super) fn extend(&mut self, frames: Vec<EncodedFrame>) {
        self.frames.extend(frames);
    }

    /// The file's bytes; `count` frames long.
    pub(super) fn finish(self, count: usize) -> Vec<u8> {
        let clusters = clusters(&self.frames);
        let milliseconds = count as f64 * 1e3 / f64::from(self.fps);
        let head = [self.info(milliseconds), self.tracks()].concat();
        // cues are as long wherever they point to
        let behind = head.len() + cues(&clusters, 0).len();
        let mut segment = [head, cues(&clusters, behind as u64)].concat();
        clusters.into_iter().for_each(|(_, cluster)| segment.extend(cluster));
        [header(), element(id::SEGMENT, &segment)].concat()
    }

    fn info(&self, milliseconds: f64) -> Vec<u8> {
        let name = concat!("SkeletonLLM ", env!("CARGO_PKG_VERSION")).as_bytes();
        let fields = [
            number(id::TIMESTAMP_SCALE, 1_000_000), // nanoseconds: times are in milliseconds
            element(id::DURATION, &milliseconds.to_be_bytes()),
            element(id::MUXING_APP, name),
            element(id::WRITING_APP, name),
        ];
        element(id::INFO, &fields.concat())
    }

    fn tracks(&self) -> Vec<u8> {
        let colour = [
            number(id::MATRIX_COEFFICIENTS, 1),
            number(id::RANGE, 1),
            number(id::TRANSFER_CHARACTERISTICS, 1),
            number(id::PRIMARIES, 1),
        ];
        let video = [
            number(id::PIXEL_WIDTH, self.size[0] as u64),
            number(id::PIXEL_HEIGHT, self.size[1] as u64),
            element(id::COLOUR, &colour.concat()),
        ];
        let track = [
            number(id::TRACK_NUMBER, 1),
            number(id::TRACK_UID, 1),
            number(id::TRACK_TYPE, 1), // video
            number(id::FLAG_LACING, 0),
            number(id::DEFAULT_DURATION, 1_000_000_000 / u64::from(self.fps)),
            element(id::CODEC_ID, self.codec.as_bytes()),
            element(id::VIDEO, &video.concat()),
        ];
        element(id::TRACKS, &element(id::TRACK_ENTRY, &track.concat()))
    }
}

fn header() -> Vec<u8> {
    let fields = [
        number(id::EBML_VERSION, 1),
        number(id::EBML_READ_VERSION, 1),
        number(id::EBML_MAX_ID_LENGTH, 4),
        number(id::EBML_MAX_SIZE_LENGTH, 8),
        element(id::DOC_TYPE, b"webm"),
        number(id::DOC_TYPE_VERSION, 4),
        number(id::DOC_TYPE_READ_VERSION, 2),
    ];
    element(id::EBML, &fields.concat())
}

/// One for every frame that can be jumped to, or where one would become too long; each with its time in milliseconds.
fn clusters(frames: &[EncodedFrame]) -> Vec<(u64, Vec<u8>)> {
    let time = |frame: &EncodedFrame| (frame.microseconds + 500) / 1000;
    let mut clusters: Vec<(u64, Vec<u8>)> = Vec::new();
    for frame in frames {
        let now = time(frame);
        match clusters.last() {
            Some((start, _)) if !frame.key && now.saturating_sub(*start) <= CLUSTER => {}
            _ => clusters.push((now, number(id::TIMESTAMP, now))),
        }
        let (start, cluster) = clusters.last_mut().expect("just pushed");
        let since = (now.saturating_sub(*start) as u16).to_be_bytes();
        // track 1, the time in 16 bits, and whether everything behind it does without what is before it
        let block = [&[0x81, since[0], since[1], if frame.key { 0x80 } else { 0 }], &frame.bytes[..]].concat();
        cluster.extend(element(id::SIMPLE_BLOCK, &block));
    }
    clusters.into_iter().map(|(start, fields)| (start, element(id::CLUSTER, &fields))).collect()
}

/// Where the clusters are, the first so many bytes behind the segment's start.
fn cues(clusters: &[(u64, Vec<u8>)], first: u64) -> Vec<u8> {
    let mut position = first;
    let mut points = Vec::new();
    for (time, cluster) in clusters {
        // of a fixed length, whatever the number
        let at = [number(id::CUE_TRACK, 1), element(id::CUE_CLUSTER_POSITION, &position.to_be_bytes())].concat();
        let point = [number(id::CUE_TIME, *time), element(id::CUE_TRACK_POSITIONS, &at)].concat();
        points.extend(element(id::CUE_POINT, &point));
        position += cluster.len() as u64;
    }
    element(id::CUES, &points)
}

/// An element: its id, its size, its content.
fn element(id: u32, content: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = id.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    // a size in eight bytes, the first of which says so
    bytes.extend((content.len() as u64 | 1 << 56).to_be_bytes());
    bytes.extend(content);
    bytes
}

/// An element that holds a number, in as few bytes as it takes.
fn number(id: u32, value: u64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let zeros = (value.leading_zeros() as usize / 8).min(7);
    element(id, &bytes[zeros..])
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use matroska_demuxer::{Frame, MatrixCoefficients, MatroskaFile, Range, TrackType};

    use super::*;

    /// So many frames at 30 a second, every `jump`th of which can be jumped to.
    fn frames(count: usize, jump: usize) -> Vec<EncodedFrame> {
        let frame = |n: usize| EncodedFrame {
            microseconds: n as u64 * 1_000_000 / 30,
            key: n.is_multiple_of(jump),
            bytes: (0..n % 300 + 3).map(|k| (n * 31 + k) as u8).collect(),
        };
        (0..count).map(frame).collect()
    }

    fn file(count: usize, jump: usize) -> Vec<u8> {
        let mut webm = WebM::new("V_VP9", [896, 496], 30);
        webm.extend(frames(count, jump));
        webm.finish(count)
    }

    #[test]
    fn another_reader_finds_every_frame() {
        let mut file = MatroskaFile::open(Cursor::new(file(150, 60))).expect("a Matroska file");
        assert_eq!(file.ebml_header().doc_type(), "webm");
        assert_eq!((file.info().duration(), file.info().timestamp_scale().get()), (Some(5000.0), 1_000_000));
        let [track] = file.tracks() else { panic!("{} tracks", file.tracks().len()) };
        assert_eq!((track.track_type(), track.codec_id()), (TrackType::Video, "V_VP9"));
        assert_eq!((track.flag_lacing(), track.default_duration().map(|n| n.get())), (false, Some(33_333_333)));
        let video = track.video().expect("a video track");
        assert_eq!((video.pixel_width().get(), video.pixel_height().get()), (896, 496));
        let colour = video.colour().expect("colours");
        assert_eq!(colour.matrix_coefficients(), Some(MatrixCoefficients::Bt709));
        assert_eq!(colour.range(), Some(Range::Broadcast));
        let mut found = Frame::default();
        for (n, expected) in frames(150, 60).into_iter().enumerate() {
            assert!(file.next_frame(&mut found).expect("a frame"), "{n} frames");
            assert_eq!((found.track, found.timestamp), (1, (n as f64 * 1e3 / 30.0).round() as u64));
            assert_eq!((found.is_keyframe, &found.data), (Some(expected.key), &expected.bytes), "frame {n}");
        }
        assert!(!file.next_frame(&mut found).expect("the end"));
        // by the cues: the first frame from there on
        for wanted in [4500, 1000, 3999] {
            file.seek(wanted).expect("a place to jump to");
            assert!(file.next_frame(&mut found).expect("a frame"));
            assert!((wanted..wanted + 34).contains(&found.timestamp), "{} for {wanted}", found.timestamp);
        }
    }

    #[test]
    fn long_stretches_without_a_place_to_jump_to_are_divided() {
        let mut file = MatroskaFile::open(Cursor::new(file(2000, 5000))).expect("a Matroska file");
        let mut found = Frame::default();
        for n in 0..2000 {
            assert!(file.next_frame(&mut found).expect("a frame"));
            assert_eq!(found.timestamp, (n as f64 * 1e3 / 30.0).round() as u64);
        }
    }

    #[test]
    fn numbers_take_as_few_bytes_as_they_need() {
        let content = |value| number(id::TRACK_NUMBER, value)[9..].to_vec();
        assert_eq!([content(0), content(255)], [[0], [255]]);
        assert_eq!([content(256), content(0xFFFF)], [[1, 0], [255, 255]]);
        assert_eq!(content(u64::MAX), [255; 8]);
    }
}
