//! The compressions that browsers read: brotli from hosts that know it, gzip from the others.

use std::io::{Read, Write};

use anyhow::{Result, bail};
use flate2::{Compression, GzBuilder, read::GzDecoder};

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// RFC 7932.
    Brotli,
    /// RFC 1952.
    Gzip,
}

/// How long compressing may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// For what is compressed once and sent often: an eighth smaller with brotli, in seven times the time.
    Once,
    /// For what is looked at once, as in tests.
    Quick,
}

impl Effort {
    /// Brotli's quality, up to 11, which would spare another twentieth.
    fn brotli(self) -> i32 {
        match self {
            Effort::Once => 10,
            Effort::Quick => 5,
        }
    }

    fn gzip(self) -> Compression {
        match self {
            Effort::Once => Compression::best(),
            Effort::Quick => Compression::fast(),
        }
    }
}

/// How far back brotli may refer, as a power of two: the most that browsers allow.
const BROTLI_WINDOW: i32 = 24;

impl Encoding {
    /// Both, the better one first.
    pub const ALL: [Encoding; 2] = [Encoding::Brotli, Encoding::Gzip];

    /// Its name in HTTP.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Brotli => "br",
            Encoding::Gzip => "gzip",
        }
    }

    /// What is added to the name of a compressed copy.
    pub fn ending(self) -> &'static str {
        match self {
            Encoding::Brotli => ".br",
            Encoding::Gzip => ".gz",
        }
    }

    /// The same bytes every time: no clock, no name.
    pub fn compress(self, bytes: &[u8], effort: Effort) -> Vec<u8> {
        let mut compressed = Vec::new();
        let written = match self {
            Encoding::Brotli => brotli::CompressorWriter::with_params(
                &mut compressed,
                1 << 16,
                &brotli::enc::BrotliEncoderParams {
                    quality: effort.brotli(),
                    lgwin: BROTLI_WINDOW,
                    size_hint: bytes.len(),
                    ..Default::default()
                },
            )
            .write_all(bytes),
            Encoding::Gzip => {
                let mut encoder = GzBuilder::new().mtime(0).write(&mut compressed, effort.gzip());
                encoder.write_all(bytes).and_then(|()| encoder.try_finish())
            }
        };
        written.expect("memory can be written");
        compressed
    }

    /// Whether a compressed copy is what stands beside it.
    ///
    /// # Errors
    /// When it is not, or is damaged.
    pub fn check(self, compressed: &[u8], bytes: &[u8]) -> Result<()> {
        let mut plain = Vec::with_capacity(bytes.len());
        match self {
            Encoding::Brotli => brotli::Decompressor::new(compressed, 1 << 16).read_to_end(&mut plain)?,
            Encoding::Gzip => GzDecoder::new(compressed).read_to_end(&mut plain)?,
        };
        if plain != bytes {
            bail!("the compressed copy is of another file");
        }
        Ok(())
    }

    /// Whether a browser that sent this `Accept-Encoding` reads it. Weights are not looked at: nobody asks for less.
    pub fn is_accepted(self, accept: &str) -> bool {
        accept.split(',').any(|word| word.split(';').next().is_some_and(|name| name.trim() == self.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let text = "the same words again and again. ".repeat(1000);
        let efforts = [Effort::Once, Effort::Quick];
        for (encoding, effort) in
            Encoding::ALL.into_iter().flat_map(|encoding| efforts.map(|effort| (encoding, effort)))
        {
            let compressed = encoding.compress(text.as_bytes(), effort);
            let most = if effort == Effort::Once { 300 } else { text.len() / 20 };
            assert!(compressed.len() < most, "{encoding:?}, {effort:?}: {} bytes", compressed.len());
            assert_eq!(compressed, encoding.compress(text.as_bytes(), effort));
            encoding.check(&compressed, text.as_bytes()).unwrap();
            assert!(encoding.check(&compressed, b"other words").is_err());
            assert!(encoding.check(&compressed[..compressed.len() / 2], text.as_bytes()).is_err());
        }
    }

    #[test]
    fn what_browsers_accept() {
        assert!(
            Encoding::Brotli.is_accepted("gzip, deflate, br, zstd") && Encoding::Gzip.is_accepted("br;q=1, gzip;q=0.5")
        );
        assert!(!Encoding::Brotli.is_accepted("gzip, brx") && !Encoding::Gzip.is_accepted(""));
    }
}
