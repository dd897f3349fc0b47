//! When the next request may go out.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

/// Time as the teacher sees it; tests bring their own.
pub trait Clock: Sync {
    /// Time since some moment that stays the same.
    fn now(&self) -> Duration;

    /// Waits, no longer than until somebody asks to stop.
    fn wait(&self, time: Duration);

    /// Whether somebody asked to stop.
    fn stopped(&self) -> bool;
}

/// The real one, with a flag that ends all waiting.
pub struct WallClock<'a> {
    start: Instant,
    stop: &'a AtomicBool,
}

impl<'a> WallClock<'a> {
    /// Starts now; waits end early when `stop` is set.
    pub fn new(stop: &'a AtomicBool) -> WallClock<'a> {
        WallClock { start: Instant::now(), stop }
    }
}

impl Clock for WallClock<'_> {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn wait(&self, time: Duration) {
        const SLICE: Duration = Duration::from_millis(100);
        let end = self.now() + time;
        while !self.stopped() && self.now() < end {
            std::thread::sleep(end.saturating_sub(self.now()).min(SLICE));
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Gives out turns, evenly spaced; shared by all threads that ask the same server.
pub(super) struct RateLimit {
    interval: Duration,
    next: Mutex<Duration>,
}

impl RateLimit {
    pub(super) fn new(interval: Duration) -> RateLimit {
        RateLimit { interval, next: Mutex::default() }
    }

    /// Takes a turn, or says how long to wait before asking again.
    pub(super) fn take(&self, now: Duration) -> Result<(), Duration> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        if *next > now {
            return Err(*next - now);
        }
        *next = now + self.interval;
        Ok(())
    }

    /// No turn for anybody before this moment.
    pub(super) fn hold(&self, until: Duration) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = until.max(*next);
    }
}

/// What a `Retry-After` header asks for: seconds, or a date (RFC 9110, 10.2.3); `None` for anything else.
pub(super) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    match value.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => Some(httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or_default()),
    }
}

/// How long to wait after the `attempt`-th failure, counted from zero: 1, 2, 4 … seconds, a minute at most.
pub(super) fn backoff(attempt: u32) -> Duration {
    Duration::from_secs(1 << attempt.min(6)).min(Duration::from_secs(60))
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn turns_are_spaced_and_held_back_for_all() {
        let pace = RateLimit::new(2 * S);
        assert_eq!(pace.take(S), Ok(()));
        assert_eq!(pace.take(S), Err(2 * S));
        assert_eq!(pace.take(3 * S), Ok(()));
        pace.hold(9 * S);
        pace.hold(4 * S);
        assert_eq!(pace.take(6 * S), Err(3 * S));
        assert_eq!(pace.take(9 * S), Ok(()));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Wed, 21 Oct 2015 07:28:00 GMT").unwrap();
        let after = |value| retry_after(value, now);
        assert_eq!(after(" 20 "), Some(20 * S));
        assert_eq!(after("0.5"), Some(S / 2));
        assert_eq!(after("Wed, 21 Oct 2015 07:29:30 GMT"), Some(90 * S));
        assert_eq!(after("Wed, 21 Oct 2015 07:00:00 GMT"), Some(Duration::ZERO));
        for nonsense in ["", "soon", "-3", "NaN", "1e300", "inf"] {
            assert_eq!(after(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn waiting_grows_and_ends() {
        assert_eq!([0, 1, 3, 6, u32::MAX].map(backoff), [1, 2, 8, 60, 60].map(|n| n * S));
    }

    #[test]
    fn a_stopped_clock_does_not_wait() {
        let stop = AtomicBool::new(true);
        let clock = WallClock::new(&stop);
        clock.wait(Duration::from_secs(1 << 40));
        assert!(clock.stopped());
    }
}
