//! Every connector reads the same made-up school into the same feed, as far as its format carries it, and says so
//! when it could not read it to the end.

#[cfg(test)]
mod books;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod mapped;
#[cfg(test)]
mod oneroster;
#[cfg(test)]
mod school;
#[cfg(test)]
mod server;
#[cfg(test)]
mod sif;
#[cfg(test)]
mod simulator;
#[cfg(test)]
mod trial;
#[cfg(test)]
mod wonde;
#[cfg(test)]
mod xporter;
