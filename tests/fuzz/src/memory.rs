//! An allocator that counts what each thread holds, so that a file that makes its reader take memory out of proportion is
//! noticed without taking it.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

/// A watched thread that asks for more than this gets nothing, which ends the program: better than the whole machine. Its
/// input is in the folder of failures by then.
const MOST: usize = 3 << 30;

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static HELD: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, counting.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Whether `size` more bytes may be had.
fn take(size: usize) -> bool {
    // a thread that ends has no counters any more
    let watched = WATCHED.try_with(Cell::get).unwrap_or(false);
    if !watched {
        return true;
    }
    let held = HELD.try_with(|held| {
        held.set(held.get().saturating_add(size));
        held.get()
    });
    let held = held.unwrap_or(0);
    let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held)));
    held <= MOST
}

fn give(size: usize) {
    // memory may come from before the watch, or from another thread
    let _ = HELD.try_with(|held| held.set(held.get().saturating_sub(size)));
}

// SAFETY: every call goes on to the system's allocator unchanged, or is refused by a null pointer, as callers must expect;
// counting allocates nothing, as its thread-locals are constants that need no destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !take(layout.size()) {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !take(layout.size()) {
            return std::ptr::null_mut();
        }
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        give(layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !take(size) {
            return std::ptr::null_mut();
        }
        give(layout.size());
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Runs `work`, and says how many bytes this thread held at most beyond what it held before.
pub(crate) fn peak_of<T>(work: impl FnOnce() -> T) -> (T, usize) {
    HELD.set(0);
    PEAK.set(0);
    WATCHED.set(true);
    let result = work();
    WATCHED.set(false);
    (result, PEAK.get())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_that_was_held_at_a_time_is_told() {
        let (sum, peak) = peak_of(|| {
            let first = vec![1u8; 10_000].len();
            let second = vec![1u8; 30_000].len();
            first + second
        });
        assert_eq!(sum, 40_000);
        assert!((30_000..31_000).contains(&peak), "{peak}");
        let (mut grown, peak) = peak_of(|| {
            let mut grown = Vec::<u64>::new();
            (0..1000).for_each(|i| grown.push(i));
            grown
        });
        assert!((8_000..40_000).contains(&peak), "{peak}");
        grown.clear();
        assert_eq!(peak_of(|| 5).1, 0);
    }
}
