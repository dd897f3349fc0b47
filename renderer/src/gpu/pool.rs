//! Things that are made once and used again.

use std::sync::{Mutex, PoisonError};

/// Keeps the most recently used, up to a number.
#[derive(Debug)]
pub struct Pool<T> {
    /// Most recently used last.
    kept: Mutex<Vec<T>>,
    most: usize,
}

impl<T> Pool<T> {
    /// A pool that keeps up to `most`.
    pub fn new(most: usize) -> Pool<T> {
        Pool { kept: Mutex::default(), most }
    }

    /// Takes one that fits, else a new one. Room is made before that is, so that two large ones are never held at once
    /// without need.
    pub fn take(&self, fits: impl Fn(&T) -> bool, make: impl FnOnce() -> T) -> T {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.iter().position(fits) {
            Some(index) => kept.remove(index),
            None => {
                if kept.len() >= self.most {
                    kept.remove(0);
                }
                make()
            }
        }
    }

    /// Puts one back.
    pub fn put_back(&self, item: T) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < self.most {
            kept.push(item);
        }
    }

    /// Lets go of all of them.
    pub fn clear(&self) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_makes_room() {
        let pool = Pool::new(2);
        for n in [1, 2, 3] {
            pool.put_back(n);
        }
        assert_eq!(pool.take(|n| *n == 2, || 0), 2, "kept");
        pool.put_back(2);
        assert_eq!(pool.take(|n| *n == 9, || 9), 9, "made, and 1 has gone");
        assert_eq!(pool.take(|n| *n == 1, || 0), 0);
        pool.clear();
        assert_eq!(pool.take(|_| true, || 7), 7);
    }
}
