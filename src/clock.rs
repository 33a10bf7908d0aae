//! Where time and randomness come from. Everything else is handed a [`Clock`].
use crate::domain::Timestamp;
use crate::domain::ids::Id;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use uuid::timestamp::context::ContextV7;

/// The time now. Cheap to clone; a test moves it by hand.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Manual(Arc<Manual>),
}

/// Its ids count by themselves: another clock in this process must not disturb their order.
struct Manual {
    ms: AtomicI64,
    context: Context,
}

type Context = Mutex<ContextV7>;

impl Clock {
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until it is moved.
    pub fn manual(start: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(Manual {
            ms: AtomicI64::new(start.unix_ms()),
            context: Mutex::new(ContextV7::new()),
        })))
    }

    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => system_now(),
            Source::Manual(m) => Timestamp::from_unix_ms(m.ms.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock forward; the system's clock cannot be moved.
    pub fn advance_secs(&self, seconds: i64) {
        if let Source::Manual(m) = &self.0 {
            m.ms.fetch_add(seconds * 1_000, Ordering::SeqCst);
        }
    }

    /// A fresh id that sorts by this clock's time.
    pub fn id<T: Id>(&self) -> T {
        let now = self.now().unix_ms().unsigned_abs();
        let (secs, millis) = (now / 1_000, u32::try_from(now % 1_000).unwrap_or(0));
        let context: &Context = match &self.0 {
            Source::System => &CONTEXT,
            Source::Manual(m) => &m.context,
        };
        // A counter inside the millisecond keeps ids of one process in the order they were made.
        let stamp = uuid::Timestamp::from_unix(context, secs, millis * 1_000_000);
        T::from_bits(uuid::Uuid::new_v7(stamp).as_u128())
    }
}

static CONTEXT: LazyLock<Context> = LazyLock::new(|| Mutex::new(ContextV7::new()));

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that asks the system"
)]
fn system_now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let ms = since.map_or(0, |d| d.as_millis());
    Timestamp::from_unix_ms(i64::try_from(ms).unwrap_or(i64::MAX))
}

/// `N` random bytes in hex: for links and tokens that nobody may guess.
pub fn random_hex<const N: usize>() -> String {
    hex::encode(rand::random::<[u8; N]>())
}
