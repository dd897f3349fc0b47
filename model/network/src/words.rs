//! Words as vectors: any text becomes a point, so that texts that mean alike lie near each other, those that name an
//! action near what a body does in it.
//!
//! The vectors are learned elsewhere, from a sentence encoder; here they are looked up and added. A text that stands in
//! the table as a whole has a vector of its own.

use std::{borrow::Cow, collections::HashMap, path::Path};

use crate::{
    checkpoint::{self, CheckpointError, TensorMap, Tensors},
    packed::Packed,
    read_at::read_file,
};

/// The file of entries, one a line, in the order of the rows of the other file.
pub const ENTRIES: &str = "words.txt";
/// The file of vectors: one tensor, `vectors.weight [entries, width]`.
pub const VECTORS: &str = "words.safetensors";
/// Its tensor.
const WEIGHT: &str = "vectors.weight";

/// Why words cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum WordsError {
    /// The vectors cannot be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The list of entries cannot be read.
    #[error("{path}: {cause}")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// A file cannot be written; the cause names it.
    #[error(transparent)]
    Write(std::io::Error),
    /// Both were read, but do not belong together.
    #[error("{0}")]
    Apart(String),
}

/// A text as entries are written: words in lower case, single spaces.
#[must_use]
pub fn plain(text: &str) -> String {
    let text = text.to_lowercase();
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Entries and their vectors.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    entries: Vec<String>,
    rows: HashMap<String, usize>,
    vectors: Vectors,
    width: usize,
}

/// The vectors one after the other, or as few bits as their file has: few of many thousands are ever looked up.
#[derive(Clone, Debug, PartialEq)]
enum Vectors {
    Floats(Vec<f32>),
    Packed(Packed),
}

impl Vectors {
    /// A vector's numbers.
    fn row(&self, row: usize, width: usize) -> Cow<'_, [f32]> {
        match self {
            Vectors::Floats(vectors) => Cow::Borrowed(&vectors[row * width..][..width]),
            Vectors::Packed(vectors) => Cow::Owned(vectors.numbers([row])),
        }
    }

    fn into_floats(self, rows: usize) -> Vec<f32> {
        match self {
            Vectors::Floats(vectors) => vectors,
            Vectors::Packed(vectors) => vectors.numbers(0..rows),
        }
    }
}

impl Words {
    /// Reads both files of a folder.
    ///
    /// # Errors
    /// [`WordsError`] naming the file and what is wrong with it.
    pub fn read(folder: &Path) -> Result<Words, WordsError> {
        let path = folder.join(ENTRIES);
        let entries = read_file(&path).map_err(|cause| WordsError::Io { path: path.display().to_string(), cause })?;
        Words::stored(&entries, &checkpoint::open(folder.join(VECTORS))?)
    }

    /// As [`Words::read`], from bytes.
    ///
    /// # Errors
    /// [`WordsError`] naming the file and what is wrong with it.
    pub fn parse(entries: &[u8], vectors: &[u8]) -> Result<Words, WordsError> {
        Words::stored(entries, &checkpoint::open_bytes(vectors, VECTORS)?)
    }

    /// Entries with their vectors, one after the other.
    ///
    /// # Errors
    /// When an entry stands there twice, a number is none, or the numbers do not fall into as many vectors.
    pub fn new<S: Into<String>>(entries: impl IntoIterator<Item = S>, vectors: Vec<f32>) -> Result<Words, WordsError> {
        let entries: Vec<String> = entries.into_iter().map(Into::into).collect();
        let (count, numbers) = (entries.len(), vectors.len());
        let apart = |problem: String| Err(WordsError::Apart(problem));
        if count == 0 || numbers == 0 || !numbers.is_multiple_of(count) {
            return apart(format!("{numbers} numbers are no vectors of {count} entries"));
        }
        let width = numbers / count;
        if let Some(bad) = vectors.iter().position(|value| !value.is_finite()) {
            return apart(format!("{VECTORS}: row {} holds a number that is none", bad / width + 1));
        }
        Words::of(entries, Vectors::Floats(vectors), width)
    }

    /// Entries, each with its vector.
    fn of(entries: Vec<String>, vectors: Vectors, width: usize) -> Result<Words, WordsError> {
        let mut rows = HashMap::with_capacity(entries.len());
        for (row, entry) in entries.iter().enumerate() {
            if rows.insert(entry.clone(), row).is_some() {
                let problem = format!("{ENTRIES}, line {}: {entry:?} stands there twice", row + 1);
                return Err(WordsError::Apart(problem));
            }
        }
        Ok(Words { entries, rows, vectors, width })
    }

    fn stored(entries: &[u8], tensors: &Tensors<'_>) -> Result<Words, WordsError> {
        let apart = |problem: String| Err(WordsError::Apart(problem));
        let Ok(text) = std::str::from_utf8(entries) else { return apart(format!("{ENTRIES} is not UTF-8")) };
        let entries: Vec<String> = text.lines().map(str::to_owned).collect();
        let width = match tensors.shape(WEIGHT) {
            Some(&[count, width]) if width > 0 && count == entries.len() => width,
            Some(&[count, width]) if width > 0 => {
                return apart(format!("{ENTRIES} has {} lines, {VECTORS} {count} rows", entries.len()));
            }
            Some(shape) => return apart(format!("{VECTORS}: {WEIGHT} has the shape {shape:?}")),
            None => return apart(format!("{VECTORS} has no tensor {WEIGHT}")),
        };
        if let Some(vectors) = tensors.packed(WEIGHT)? {
            return Words::of(entries, Vectors::Packed(vectors), width);
        }
        let tensor = tensors.values(WEIGHT)?.expect("it has a shape");
        Words::new(entries, tensor.values)
    }

    /// Writes both files into a folder.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), WordsError> {
        let path = folder.join(ENTRIES);
        let list: String = self.entries.iter().flat_map(|entry| [entry.as_str(), "\n"]).collect();
        draction::store::write_atomically(&path, list.as_bytes()).map_err(WordsError::Write)?;
        let shape = vec![self.entries.len(), self.width];
        let tensor = checkpoint::HostTensor { shape, values: self.vectors.clone().into_floats(self.len()) };
        let tensors = TensorMap::from([(WEIGHT.to_owned(), tensor)]);
        Ok(checkpoint::write(folder.join(VECTORS), &tensors, checkpoint::Precision::Int8)?)
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none, which never is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Numbers of a vector.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// The vector of a text, of length 1: its own where the whole text is an entry, else the sum of its words'. `None`
    /// where no word of it is known.
    #[must_use]
    pub fn embed(&self, text: &str) -> Option<Vec<f32>> {
        let text = plain(text);
        let mut sum = vec![0.0; self.width];
        let mut add = |row: usize| {
            let vector = self.vectors.row(row, self.width);
            sum.iter_mut().zip(&*vector).for_each(|(sum, value)| *sum += value);
        };
        match self.rows.get(&text) {
            Some(&row) => add(row),
            None => text.split(' ').filter_map(|word| self.row(word)).for_each(add),
        }
        let length = sum.iter().map(|value| value * value).sum::<f32>().sqrt();
        (length > 1e-6).then(|| sum.iter().map(|value| value / length).collect())
    }

    /// The row of a word, or of the longest known word that it begins with, if that is most of it: `clapped` is read as
    /// `clap`.
    fn row(&self, word: &str) -> Option<usize> {
        let ends = word.char_indices().map(|(place, letter)| place + letter.len_utf8()).rev();
        let least = (word.len() / 2 + 1).max(3);
        ends.take_while(|&end| end == word.len() || end >= least).find_map(|end| self.rows.get(&word[..end]).copied())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::checkpoint::HostTensor;

    pub(crate) fn words(entries: &str, shape: &[usize], values: &[f32]) -> Result<Words, WordsError> {
        let tensor = HostTensor { shape: shape.to_vec(), values: values.to_vec() };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(VECTORS);
        let tensors = TensorMap::from([(WEIGHT.to_owned(), tensor)]);
        checkpoint::write(&path, &tensors, checkpoint::Precision::F32).unwrap();
        Words::parse(entries.as_bytes(), &std::fs::read(path).unwrap())
    }

    #[test]
    fn a_text_is_the_sum_of_its_words_unless_it_is_known_as_a_whole() {
        let words =
            words("sit\ndown\nstand\nsit down\n", &[4, 2], &[3.0, 0.0, 0.0, 4.0, -1.0, 0.0, 0.0, -2.0]).unwrap();
        assert_eq!(words.embed("down, they sit"), Some(vec![0.6, 0.8]));
        assert_eq!(words.embed("Sit down"), Some(vec![0.0, -1.0]));
        assert_eq!(words.embed("standing"), Some(vec![-1.0, 0.0]), "a word's beginning");
        assert_eq!(words.embed("sit stand stand stand"), None, "words that cancel say nothing");
        for nothing in ["", "!?", "st", "fly", "überall"] {
            assert_eq!(words.embed(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn files_that_do_not_belong_together_say_so() {
        let problem =
            |entries: &str, shape: &[usize], values: &[f32]| words(entries, shape, values).unwrap_err().to_string();
        assert!(problem("a\nb\n", &[3, 1], &[1.0, 2.0, 3.0]).contains("2 lines"));
        assert!(problem("a\na\n", &[2, 1], &[1.0, 2.0]).contains("line 2"));
        assert!(problem("a\nb\n", &[2], &[1.0, 2.0]).contains("shape"));
        let broken = [1.0, 2.0, f32::NAN, 0.0];
        assert!(problem("a\nb\n", &[2, 2], &broken).contains("not finite"));
        assert!(Words::new(["a", "b"], broken.to_vec()).unwrap_err().to_string().contains("row 2"));
        let folder = tempfile::tempdir().unwrap();
        assert!(Words::read(folder.path()).unwrap_err().to_string().contains(ENTRIES));
        let known = words("wave\nclap\n", &[2, 3], &[0.5, 1.0, -1.0, 0.25, 0.0, 1.0]).unwrap();
        known.write(folder.path()).unwrap();
        let read = Words::read(folder.path()).unwrap();
        for text in ["wave", "clap", "wave clap"] {
            let [a, b] = [&known, &read].map(|words| words.embed(text).unwrap());
            assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 0.02), "a byte a number");
        }
        assert!(matches!(read.vectors, Vectors::Packed(_)), "and a byte a number in memory");
        let again = tempfile::tempdir().unwrap();
        read.write(again.path()).unwrap();
        assert_eq!(Words::read(again.path()).unwrap(), read);
        std::fs::remove_file(folder.path().join(VECTORS)).unwrap();
        assert!(Words::read(folder.path()).unwrap_err().to_string().contains(VECTORS));
    }
}
