//! The pages as pure functions from what they show to markup. They ask nobody.
