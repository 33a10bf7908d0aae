//! Files that strangers upload: sniffed, bounded, images drawn anew so that nothing hidden
//! survives, kept under the data folder outside everything that is served.
use super::{App, InputProblem};
use crate::clock::random_hex;
use crate::domain::ids::TenantId;
use crate::domain::proof::ProofFile;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use sha2::{Digest, Sha256};
use std::io::Cursor;
use std::path::PathBuf;
use tokio::sync::Semaphore;

/// The largest upload, in bytes.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;
/// Larger pictures are made smaller; staff read slips, not posters.
const MAX_SIDE: u32 = 2_400;
/// What a picture may take in memory while it is read.
const MAX_PIXEL_BYTES: u64 = 256 * 1024 * 1024;

/// Each picture may take that much: so many at once, whatever comes in.
static DRAWING: Semaphore = Semaphore::const_new(2);

/// Why a file was not kept.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error(transparent)]
    Input(#[from] InputProblem),
    #[error("the file could not be written: {0}")]
    Io(#[from] std::io::Error),
}

fn refuse(code: &'static str, message: &str) -> InputProblem {
    InputProblem::new("image", code, message)
}

fn folder(app: &App, tenant: &TenantId) -> PathBuf {
    app.settings
        .data_dir
        .join("proofs")
        .join(tenant.to_string())
}

/// Checks, cleans and keeps an upload; it is on disk when this returns.
pub async fn keep(app: &App, tenant: &TenantId, bytes: Vec<u8>) -> Result<ProofFile, FileError> {
    if bytes.is_empty() {
        return Err(refuse("file_empty", "the file is empty").into());
    }
    if bytes.len() > MAX_BYTES {
        return Err(refuse("file_too_large", "the file is larger than 8 MB").into());
    }
    let _permit = DRAWING.acquire().await;
    let folder = folder(app, tenant);
    let kept = tokio::task::spawn_blocking(move || {
        let sha256 = hex::encode(Sha256::digest(&bytes));
        let (clean, media_type, ending) = clean(&bytes)?;
        let name = format!("{}.{ending}", random_hex::<16>());
        write(&folder, &name, &clean)?;
        let bytes = i64::try_from(clean.len()).unwrap_or(i64::MAX);
        Ok(ProofFile {
            name,
            media_type: media_type.to_owned(),
            bytes,
            sha256,
        })
    });
    kept.await
        .unwrap_or_else(|_| Err(refuse("file_unreadable", "the file is damaged").into()))
}

/// Writes to a new name and to the disk itself before anything refers to it.
fn write(folder: &std::path::Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    std::fs::create_dir_all(folder)?;
    let mut file = std::fs::File::create_new(folder.join(name))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::File::open(folder)?.sync_all()
}

/// What the bytes are by themselves, whatever their name says.
fn clean(bytes: &[u8]) -> Result<(Vec<u8>, &'static str, &'static str), InputProblem> {
    let format = match infer::get(bytes).map(|kind| kind.mime_type()) {
        Some("application/pdf") => return Ok((bytes.to_vec(), "application/pdf", "pdf")),
        Some("image/jpeg") => ImageFormat::Jpeg,
        Some("image/png") => ImageFormat::Png,
        Some("image/webp") => ImageFormat::WebP,
        _ => {
            return Err(refuse(
                "file_type",
                "a JPEG, PNG or WebP picture, or a PDF, is needed",
            ));
        }
    };
    let damaged = |_| refuse("file_unreadable", "the picture is damaged or too large");
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_PIXEL_BYTES);
    limits.max_image_width = Some(20_000);
    limits.max_image_height = Some(20_000);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let turn = decoder.orientation().map_err(damaged)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    picture.apply_orientation(turn);
    if picture.width() > MAX_SIDE || picture.height() > MAX_SIDE {
        picture = picture.thumbnail(MAX_SIDE, MAX_SIDE);
    }
    let mut out = Cursor::new(Vec::new());
    if format == ImageFormat::Png {
        picture
            .write_to(&mut out, ImageFormat::Png)
            .map_err(damaged)?;
        Ok((out.into_inner(), "image/png", "png"))
    } else {
        picture
            .into_rgb8()
            .write_to(&mut out, ImageFormat::Jpeg)
            .map_err(damaged)?;
        Ok((out.into_inner(), "image/jpeg", "jpg"))
    }
}

/// Reads a kept file.
pub async fn read(app: &App, tenant: &TenantId, file: &ProofFile) -> std::io::Result<Vec<u8>> {
    tokio::fs::read(folder(app, tenant).join(&file.name)).await
}

/// Takes a file away whose row was not written.
pub async fn discard(app: &App, tenant: &TenantId, file: &ProofFile) {
    if let Err(e) = tokio::fs::remove_file(folder(app, tenant).join(&file.name)).await {
        tracing::warn!(error = %e, "a file without a proof could not be removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(side: u32) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(side, side)
            .write_to(&mut out, ImageFormat::Png)
            .unwrap();
        out.into_inner()
    }

    #[test]
    fn pictures_are_drawn_anew_and_hidden_text_is_gone() {
        let mut bytes = png(8);
        bytes.extend_from_slice(b"<script>alert(1)</script>");
        let (out, media_type, _) = clean(&bytes).unwrap();
        assert_eq!(media_type, "image/png");
        assert!(!out.windows(7).any(|w| w == b"<script"));
    }

    #[test]
    fn what_is_no_picture_or_pdf_is_refused_whatever_it_is_called() {
        for bytes in [
            &b"<svg onload=alert(1)>"[..],
            b"GIF89a\x01\x00\x01\x00",
            b"MZ\x90\x00",
            b"hello",
        ] {
            assert_eq!(clean(bytes).unwrap_err().code, "file_type");
        }
        let mut cut = png(64);
        cut.truncate(60);
        assert_eq!(clean(&cut).unwrap_err().code, "file_unreadable");
        assert_eq!(clean(b"%PDF-1.7 hello").unwrap().1, "application/pdf");
    }

    #[test]
    fn large_pictures_are_made_smaller() {
        let (out, ..) = clean(&png(3_000)).unwrap();
        let read = image::load_from_memory(&out).unwrap();
        assert_eq!((read.width(), read.height()), (MAX_SIDE, MAX_SIDE));
    }
}
