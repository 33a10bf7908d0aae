//! What the program logs while the suite runs, kept to be searched.
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub fn holds(&self, text: &str) -> bool {
        let kept = self.0.lock().unwrap();
        String::from_utf8_lossy(&kept).contains(text)
    }
}

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Keeps every line of this process from now on, more than an operator would ask for.
pub fn listen() -> Log {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("info,malipo=trace"))
        .with_ansi(false)
        .with_writer(log.clone())
        .init();
    log
}
