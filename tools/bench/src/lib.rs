//! What the measuring programs share.

use std::fmt::Display;

/// The line that a measuring server prints on its standard output once it takes requests.
pub fn ready_line(address: impl Display) -> String {
    format!("{READY}http://{address}")
}

/// The address in a line printed by [`ready_line`].
pub fn read_ready_line(line: &str) -> Option<&str> {
    line.trim().strip_prefix(READY)
}

const READY: &str = "ready ";

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    #[test]
    fn a_server_is_found_where_it_says_it_is() {
        let line = ready_line(SocketAddr::from(([127, 0, 0, 1], 8080)));
        assert_eq!(read_ready_line(&format!("{line}\n")), Some("http://127.0.0.1:8080"));
        assert_eq!(read_ready_line("error: no port"), None);
    }
}
