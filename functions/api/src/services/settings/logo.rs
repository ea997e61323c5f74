//! A picture that somebody uploads as the school's logo: hostile until it was decoded within limits and encoded anew.

use std::io::Cursor;

use domain::settings::Logo;
use image::{DynamicImage, GenericImageView, ImageFormat, ImageReader, Limits};
use sha2::{Digest, Sha256};

/// Largest file that is looked at, in bytes.
pub const MAX_LOGO_BYTES: usize = 2 * 1024 * 1024;
/// Longest side of a picture that is decoded, in pixels: a telephone's photograph has less.
const MAX_SIDE: u32 = 8_000;
/// Most pixels of a picture that is decoded: 48 MB of memory at four bytes each.
const MAX_PIXELS: u64 = 12_000_000;
/// Most memory that a decoder may take, in bytes.
const MAX_MEMORY: u64 = 96 * 1024 * 1024;
/// Longest side of a logo, in pixels.
const SIDE: u32 = 350;

/// Why a file cannot be the logo. `Display` is a sentence for a page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogoError {
    /// Nothing was chosen.
    #[error("Choose a picture first.")]
    Nothing,
    /// Over [`MAX_LOGO_BYTES`].
    #[error("The picture is larger than 2 MB. Save it smaller and try again.")]
    TooLarge,
    /// Neither PNG nor JPEG, whatever its name says.
    #[error("Use a PNG or a JPEG picture. Other kinds, SVG among them, are not taken.")]
    Kind,
    /// More pixels than a logo can need.
    #[error(
        "The picture is {width} by {height} pixels, which is too many. Save it with at most 3000 on each side."
    )]
    TooManyPixels {
        /// Width as the file says it.
        width: u32,
        /// Height as the file says it.
        height: u32,
    },
    /// It breaks off, or its insides make no sense.
    #[error("The picture cannot be read. Open it, save it as a new file and try again.")]
    Broken,
}

/// A logo that this product encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its name and size.
    pub logo: Logo,
    /// The picture itself.
    pub png: Vec<u8>,
}

/// Reads a picture, scales it down to 350 pixels a side at most, and encodes it as PNG: nothing of the file but its
/// pixels comes along. Takes a moment of computing; the dimensions are read, and refused, before anything is decoded.
pub fn picture(bytes: &[u8]) -> Result<Picture, LogoError> {
    if bytes.is_empty() {
        return Err(LogoError::Nothing);
    }
    if bytes.len() > MAX_LOGO_BYTES {
        return Err(LogoError::TooLarge);
    }
    let format = match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => ImageFormat::Png,
        [0xff, 0xd8, 0xff, ..] => ImageFormat::Jpeg,
        _ => return Err(LogoError::Kind),
    };
    let header = ImageReader::with_format(Cursor::new(bytes), format);
    let (width, height) = header.into_dimensions().map_err(|_| LogoError::Broken)?;
    if width > MAX_SIDE || height > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(LogoError::TooManyPixels { width, height });
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let decoded = reader.decode().map_err(|_| LogoError::Broken)?;
    let scaled = if width > SIDE || height > SIDE { decoded.thumbnail(SIDE, SIDE) } else { decoded };
    let (width, height) = scaled.dimensions();
    let mut png = Vec::new();
    DynamicImage::ImageRgba8(scaled.to_rgba8())
        .write_to(&mut Cursor::new(&mut png), ImageFormat::Png)
        .map_err(|_| LogoError::Broken)?;
    let hash = hex::encode(Sha256::digest(&png));
    Ok(Picture { logo: Logo { hash, width, height }, png })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Vec::new();
        DynamicImage::new_rgb8(width, height).write_to(&mut Cursor::new(&mut bytes), format).unwrap();
        bytes
    }

    #[test]
    fn a_picture_becomes_a_png_of_350_pixels_at_most() {
        for (width, height, format, becomes) in [
            (100, 50, ImageFormat::Png, (100, 50)),
            (700, 350, ImageFormat::Png, (350, 175)),
            (350, 1_400, ImageFormat::Jpeg, (88, 350)),
        ] {
            let picture = picture(&encoded(width, height, format)).unwrap();
            assert_eq!((picture.logo.width, picture.logo.height), becomes);
            assert!(picture.png.starts_with(b"\x89PNG"));
        }
    }

    #[test]
    fn only_the_pixels_of_a_file_come_along() {
        let mut jpeg = encoded(10, 10, ImageFormat::Jpeg);
        // A comment with where the picture was taken.
        jpeg.splice(2..2, [0xff, 0xfe, 0, 8, b's', b'e', b'c', b'r', b'e', b't']);
        let picture = picture(&jpeg).unwrap();
        assert!(!picture.png.windows(6).any(|w| w == b"secret"));
    }

    #[test]
    fn a_picture_of_too_many_pixels_is_refused_by_its_header() {
        // The header says 40,000 by 40,000; there is nothing behind it that could be decoded.
        let mut png = encoded(1, 1, ImageFormat::Png);
        png[16..20].copy_from_slice(&40_000_u32.to_be_bytes());
        png[20..24].copy_from_slice(&40_000_u32.to_be_bytes());
        let crc = crc(&png[12..29]);
        png[29..33].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(picture(&png), Err(LogoError::TooManyPixels { width: 40_000, height: 40_000 }));
    }

    #[test]
    fn what_is_no_picture_is_refused_whatever_it_is_called() {
        assert_eq!(picture(b""), Err(LogoError::Nothing));
        assert_eq!(picture(b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), Err(LogoError::Kind));
        assert_eq!(picture(b"GIF89a"), Err(LogoError::Kind));
        assert_eq!(picture(b"%PDF-1.7"), Err(LogoError::Kind));
        assert_eq!(picture(&vec![0; MAX_LOGO_BYTES + 1]), Err(LogoError::TooLarge));
        let whole = encoded(20, 20, ImageFormat::Png);
        assert_eq!(picture(&whole[..40]), Err(LogoError::Broken));
        assert_eq!(picture(&[0xff, 0xd8, 0xff, 0xe0]), Err(LogoError::Broken));
    }

    /// The check sum of a PNG's chunk.
    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, byte| {
            (0..8)
                .fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { 0xedb8_8320 ^ (c >> 1) } else { c >> 1 })
        })
    }
}
