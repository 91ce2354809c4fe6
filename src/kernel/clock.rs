//! The one place that knows what time it is.

use super::Day;
use chrono::{DateTime, Utc};
use std::sync::{Arc, Mutex};

/// A clock that is handed in. Only the server's start builds the real one; tests build their own and move it.
#[derive(Debug, Clone)]
pub struct Clock(Hands);

#[derive(Debug, Clone)]
enum Hands {
    System,
    FixedDay(Day),
    Manual(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// The machine's clock, or that clock's time of day on a fixed civil day (`JINGTU_TODAY`: tests, demos, drills).
    pub fn system(fixed_day: Option<Day>) -> Clock {
        Clock(fixed_day.map_or(Hands::System, Hands::FixedDay))
    }

    /// A clock that stands at noon in China of `day` until it is moved.
    pub fn manual(day: Day) -> Clock {
        Clock(Hands::Manual(Arc::new(Mutex::new(day.start() + chrono::Duration::hours(12)))))
    }

    /// Moves a manual clock to noon in China of `day`; the others cannot be moved and stay.
    pub fn move_to(&self, day: Day) {
        if let Hands::Manual(at) = &self.0 {
            *at.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = day.start() + chrono::Duration::hours(12);
        }
    }

    /// Moves a manual clock on by a length of time; the others cannot be moved and stay.
    pub fn advance(&self, by: chrono::Duration) {
        if let Hands::Manual(at) = &self.0 {
            *at.lock().unwrap_or_else(std::sync::PoisonError::into_inner) += by;
        }
    }

    /// The instant now.
    #[expect(clippy::disallowed_methods, reason = "the only reader of the machine's clock")]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Hands::System => Utc::now(),
            Hands::FixedDay(day) => {
                let now = Utc::now();
                day.start() + (now - Day::at(now).start())
            }
            // A manual clock ticks a microsecond per reading, so that what happens later is also recorded later.
            Hands::Manual(at) => {
                let mut at = at.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                *at += chrono::Duration::microseconds(1);
                *at
            }
        }
    }

    /// The civil day in China now.
    pub fn today(&self) -> Day {
        Day::at(self.now())
    }

    /// The civil day that was fixed by configuration, if one was.
    pub fn fixed_day(&self) -> Option<Day> {
        match &self.0 {
            Hands::FixedDay(day) => Some(*day),
            Hands::System | Hands::Manual(_) => None,
        }
    }
}
