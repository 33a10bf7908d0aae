//! Reading a request's body: bounded in bytes and in time.
use super::problem::Problem;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use http_body_util::BodyExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// What is thrown away beyond the limit, so that the sender gets to read the refusal.
const DRAIN_BYTES: usize = 16 * 1024 * 1024;

/// How long a body that makes no headway is waited for.
const READ_TIME: Duration = Duration::from_secs(12);
/// A body that keeps this pace, in bytes a second, may take longer.
const PACE: u64 = 32 * 1024;

/// Reads a body whole.
///
/// # Errors
/// 413 above `limit` bytes, 408 when it comes too slowly, 400 when it breaks off.
pub(super) async fn read(body: Body, limit: usize) -> Result<Bytes, Problem> {
    read_within(body, limit, READ_TIME).await
}

async fn read_within(mut body: Body, limit: usize, time: Duration) -> Result<Bytes, Problem> {
    let start = Instant::now();
    let mut all = Vec::new();
    let mut seen = 0_usize;
    loop {
        let earned = Duration::from_millis(seen as u64 * 1_000 / PACE);
        let frame = match timeout_at(start + time + earned, body.frame()).await {
            Ok(None) => break,
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(_))) => {
                let status = StatusCode::BAD_REQUEST;
                return Err(Problem::new(status, "body_broken", "the body broke off"));
            }
            Err(_) => {
                let status = StatusCode::REQUEST_TIMEOUT;
                let detail = "the body came too slowly";
                return Err(Problem::new(status, "request_timeout", detail));
            }
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        seen = seen.saturating_add(data.len());
        if seen > limit.saturating_add(DRAIN_BYTES) {
            break;
        }
        if seen <= limit {
            all.extend_from_slice(&data);
        } else {
            all = Vec::new();
        }
    }
    if seen > limit {
        return Err(too_large(limit));
    }
    Ok(all.into())
}

/// How long an upload that makes no headway is waited for.
const UPLOAD_TIME: Duration = Duration::from_secs(30);
/// Of an upload, in bytes a second: phones on the oldest networks keep this.
const UPLOAD_PACE: u64 = 4 * 1024;

/// An upload's body that ends in an error, and raises the flag, when it comes too slowly.
pub(super) fn paced(body: Body) -> (Body, Arc<AtomicBool>) {
    paced_within(body, UPLOAD_TIME)
}

fn paced_within(body: Body, time: Duration) -> (Body, Arc<AtomicBool>) {
    let slow = Arc::new(AtomicBool::new(false));
    let (flag, start) = (slow.clone(), Instant::now());
    let frames = futures::stream::unfold(Some((body, 0_u64)), move |state| {
        let flag = flag.clone();
        async move {
            let (mut body, seen) = state?;
            let earned = Duration::from_millis(seen * 1_000 / UPLOAD_PACE);
            match timeout_at(start + time + earned, body.frame()).await {
                Ok(None) => None,
                Ok(Some(Ok(frame))) => {
                    let data = frame.into_data().unwrap_or_default();
                    let seen = seen + data.len() as u64;
                    Some((Ok(data), Some((body, seen))))
                }
                Ok(Some(Err(error))) => Some((Err(std::io::Error::other(error)), None)),
                Err(_) => {
                    flag.store(true, Ordering::Relaxed);
                    Some((Err(std::io::ErrorKind::TimedOut.into()), None))
                }
            }
        }
    });
    (Body::from_stream(frames), slow)
}

/// 413 for what is above `limit` bytes.
pub(super) fn too_large(limit: usize) -> Problem {
    let detail = format!("at most {} kB are taken here", limit / 1_024);
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit_and_not_beyond() {
        let body = |n: usize| Body::from(vec![b'x'; n]);
        assert_eq!(read(body(10), 10).await.unwrap().len(), 10);
        assert_eq!(read(body(11), 10).await.unwrap_err().status, 413);
        assert_eq!(read(Body::empty(), 10).await.unwrap().len(), 0);
    }

    #[tokio::test]
    async fn an_upload_is_cut_only_when_it_makes_no_headway() {
        let whole = Body::from(vec![b'x'; 100_000]);
        let (body, slow) = paced_within(whole, Duration::from_millis(20));
        assert_eq!(body.collect().await.unwrap().to_bytes().len(), 100_000);
        assert!(!slow.load(Ordering::Relaxed));
        let endless =
            Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
        let (body, slow) = paced_within(endless, Duration::from_millis(20));
        assert!(body.collect().await.is_err());
        assert!(slow.load(Ordering::Relaxed));
    }

    #[tokio::test]
    async fn a_body_that_never_ends_is_cut() {
        let endless =
            Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
        let cut = read_within(endless, 10, Duration::from_millis(20))
            .await
            .unwrap_err();
        assert_eq!(cut.code, "request_timeout");
    }
}
