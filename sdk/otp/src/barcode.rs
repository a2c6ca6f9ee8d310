//! A QR code as a picture: PNG, black on white.

use qrcodegen::{QrCode, QrCodeEcc};

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum BarcodeError {
    /// More text than such a code can hold.
    #[error("failed to generate QR code image: the url is too long")]
    TooLong,
    /// The code has as many modules on each side.
    #[error(
        "failed to generate QR code image: can not scale barcode to an image smaller than {0}x{0}"
    )]
    TooSmall(u32),
    /// The picture could not be written.
    #[error("writing a picture")]
    Encoding(#[from] png::EncodingError),
}

/// The code of `text`, as large as fits into a square of `pixels`.
///
/// # Errors
/// [`BarcodeError`] as its variants say.
pub fn png(text: &str, pixels: u32) -> Result<Vec<u8>, BarcodeError> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium);
    let code = code.map_err(|_| BarcodeError::TooLong)?;
    let modules = u32::try_from(code.size()).unwrap_or(u32::MAX);
    let scale = pixels / modules;
    if scale == 0 {
        return Err(BarcodeError::TooSmall(modules));
    }
    encode(pixels, &bitmap(&code, pixels, modules, scale))
}

/// One bit for each pixel, 1 for white; rows begin with a byte.
fn bitmap(code: &QrCode, pixels: u32, modules: u32, scale: u32) -> Vec<u8> {
    let margin = (pixels - modules * scale) / 2;
    let module = |pixel: u32| {
        let module = pixel.checked_sub(margin)? / scale;
        i32::try_from(module).ok()
    };
    // What lies outside of the code is white to it.
    let is_black = |x: u32, y: u32| match (module(x), module(y)) {
        (Some(x), Some(y)) => code.get_module(x, y),
        _ => false,
    };
    let mut bits = Vec::new();
    for y in 0..pixels {
        for start in (0..pixels).step_by(8) {
            let row = (0..8).map(|bit| start + bit);
            let byte = row.fold(0, |byte, x| (byte << 1) | u8::from(!is_black(x, y)));
            bits.push(byte);
        }
    }
    bits
}

fn encode(pixels: u32, bits: &[u8]) -> Result<Vec<u8>, BarcodeError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, pixels, pixels);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(bits)?;
    writer.finish()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Is the pixel black?
    fn pixels(file: &[u8]) -> (u32, Vec<Vec<bool>>) {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        let rows = bytes.chunks(info.line_size);
        let rows = rows.map(|row| row.iter().map(|byte| *byte == 0).collect());
        (info.width, rows.take(info.height as usize).collect())
    }

    #[test]
    fn every_module_is_where_it_belongs() {
        let text = "otpauth://totp/Vault:test@test.com?secret=JBSWY3DPEHPK3PXP";
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).unwrap();
        for size in [code.size() as u32, 100, 200, 201] {
            let (width, rows) = pixels(&png(text, size).unwrap());
            assert_eq!((width, rows.len()), (size, size as usize));
            let scale = size / code.size() as u32;
            let margin = (size - code.size() as u32 * scale) / 2;
            for (y, row) in rows.iter().enumerate() {
                for (x, black) in row.iter().enumerate() {
                    let module = |at: usize| {
                        let at = i32::try_from(at).unwrap() - i32::try_from(margin).unwrap();
                        at.div_euclid(i32::try_from(scale).unwrap())
                    };
                    assert_eq!(*black, code.get_module(module(x), module(y)), "{x} {y}");
                }
            }
        }
    }

    #[test]
    fn too_small_or_too_long() {
        let refused = png("otpauth://totp/a", 10).unwrap_err().to_string();
        assert_eq!(
            refused,
            "failed to generate QR code image: can not scale barcode to an image smaller than 25x25",
        );
        assert!(png(&"a".repeat(5000), 200).is_err());
    }
}
