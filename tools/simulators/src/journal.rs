//! Where records lie: lines of a file that is only ever appended to, or of memory.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// Where one line lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// A byte offset in the file, or the number of the line in memory.
    at: u64,
    length: u32,
}

/// Lines appended one by one.
#[derive(Debug)]
pub(crate) enum Journal {
    /// In a file; `torn` after a write that failed half-way.
    File { file: Arc<File>, end: u64, torn: bool },
    /// Nowhere but here.
    Memory(Vec<Arc<[u8]>>),
}

/// A line that is yet to be read, so that the lock need not be held while reading.
#[derive(Debug)]
pub(crate) enum Lookup {
    /// Read it from the file.
    File(Arc<File>, Place),
    /// Here it is.
    Memory(Arc<[u8]>),
}

impl Journal {
    /// Opens `simulators.jsonl` in `directory`, and shows every whole line in it to `seen`.
    pub(crate) fn open(directory: &Path, mut seen: impl FnMut(&[u8], Place)) -> io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let path = directory.join("simulators.jsonl");
        let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        let mut reader = BufReader::with_capacity(1 << 18, &file);
        let (mut end, mut line) = (0, Vec::new());
        let torn = loop {
            line.clear();
            let length = reader.read_until(b'\n', &mut line)?;
            if line.last() != Some(&b'\n') {
                end += length as u64;
                break length > 0;
            }
            seen(&line, Place { at: end, length: u32::try_from(length).unwrap_or(u32::MAX) });
            end += length as u64;
        };
        Ok(Self::File { file: Arc::new(file), end, torn })
    }

    /// Appends `line`, which ends in a line feed, with one write; it is with the kernel when this returns.
    pub(crate) fn append(&mut self, line: &[u8]) -> io::Result<Place> {
        let length = u32::try_from(line.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
        match self {
            Self::Memory(lines) => {
                lines.push(line.into());
                Ok(Place { at: lines.len() as u64 - 1, length })
            }
            Self::File { file, end, torn } => {
                let mut out: &File = file;
                if *torn {
                    // Closes the half line, which then reads as no record.
                    out.write_all(b"\n")?;
                    *end += 1;
                    *torn = false;
                }
                if let Err(error) = out.write_all(line) {
                    *torn = true;
                    *end = file.metadata()?.len();
                    return Err(error);
                }
                let at = *end;
                *end += line.len() as u64;
                Ok(Place { at, length })
            }
        }
    }

    /// Finds the line at `place`.
    pub(crate) fn look_up(&self, place: Place) -> Option<Lookup> {
        match self {
            Self::File { file, .. } => Some(Lookup::File(Arc::clone(file), place)),
            Self::Memory(lines) => {
                let index = usize::try_from(place.at).ok()?;
                lines.get(index).map(|line| Lookup::Memory(Arc::clone(line)))
            }
        }
    }
}

impl Lookup {
    /// The bytes of the line.
    pub(crate) fn read(self) -> io::Result<Arc<[u8]>> {
        match self {
            Self::Memory(line) => Ok(line),
            Self::File(file, place) => {
                let mut bytes = vec![0; place.length as usize];
                file.read_exact_at(&mut bytes, place.at)?;
                Ok(bytes.into())
            }
        }
    }
}
