//! The embedded database in a process of its own, so that its memory is not counted as the product's; metered, it
//! also asks each request for the capacity that it consumed and adds that up.

use std::net::SocketAddr;
use std::path::Path;

use bench::ready_line;
use dynoxide::Database;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::error::{Result, in_part};
use crate::meter;

const PART: &str = "database";

/// Serves until standard input is closed.
pub(crate) async fn serve(directory: &Path, metered: bool) -> Result<()> {
    let file = directory.join("messenger.sqlite");
    let database = Database::new(&file.to_string_lossy()).map_err(in_part(PART))?;
    // As the local product has it.
    database.disable_bulk_loading().map_err(in_part(PART))?;
    let listener = listen().await?;
    let own = listener.local_addr().map_err(in_part(PART))?;
    let served = tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, parent_is_gone()));
    if metered {
        let front = listen().await?;
        announce(&ready_line(front.local_addr().map_err(in_part(PART))?));
        tokio::spawn(meter::serve(front, format!("http://{own}/"))?);
    } else {
        announce(&ready_line(own));
    }
    served.await.map_err(in_part(PART))?.map_err(in_part(PART))
}

async fn listen() -> Result<TcpListener> {
    TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.map_err(in_part(PART))
}

#[expect(clippy::print_stdout, reason = "who starts it reads the address there")]
pub(crate) fn announce(line: &str) {
    println!("{line}");
}

async fn parent_is_gone() {
    let mut rest = Vec::new();
    // Whether it was closed or broke makes no difference.
    let _ = tokio::io::stdin().read_to_end(&mut rest).await;
}
