//! A stand-in for Twilio that takes every message, as fast as it can, and counts. It keeps nothing else and reports
//! nothing back. It ends when its standard input is closed, so that it never outlives who started it.
//!
//! `POST …/Messages.json` → 201 and a new id · `GET /count` → `{"posts", "last_ms"}` · `POST /reset`

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use bench::ready_line;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use runtime::Clock;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

#[derive(Debug)]
struct Counter {
    clock: Clock,
    ids: AtomicU64,
    posts: AtomicU64,
    last_ms: AtomicI64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let counter = Arc::new(Counter {
        clock: Clock::system(),
        ids: AtomicU64::new(0),
        posts: AtomicU64::new(0),
        last_ms: AtomicI64::new(0),
    });
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    announce(listener.local_addr()?);
    tokio::select! {
        served = serve(listener, counter) => served,
        () = parent_is_gone() => Ok(()),
    }
}

#[expect(clippy::print_stdout, reason = "who starts it reads the address there")]
fn announce(address: SocketAddr) {
    println!("{}", ready_line(address));
}

async fn parent_is_gone() {
    let mut rest = Vec::new();
    // Whether it was closed or broke makes no difference.
    let _ = tokio::io::stdin().read_to_end(&mut rest).await;
}

async fn serve(listener: TcpListener, counter: Arc<Counter>) -> std::io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let counter = Arc::clone(&counter);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, &counter));
            // A client that goes away in the middle is no matter here.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(request: Request<Incoming>, counter: &Counter) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    // A body that breaks off was not taken.
    let Ok(body) = body.collect().await else { return Ok(reply(StatusCode::BAD_REQUEST, String::new())) };
    let response = match (&parts.method, parts.uri.path()) {
        (&Method::POST, "/reset") => {
            counter.posts.store(0, Ordering::SeqCst);
            reply(StatusCode::OK, "{}".to_owned())
        }
        (&Method::GET, "/count") => {
            let (posts, last) =
                (counter.posts.load(Ordering::SeqCst), counter.last_ms.load(Ordering::SeqCst));
            reply(StatusCode::OK, format!(r#"{{"posts":{posts},"last_ms":{last}}}"#))
        }
        (&Method::POST, path) if path.ends_with("/Messages.json") && !body.to_bytes().is_empty() => {
            reply(StatusCode::CREATED, counter.take())
        }
        _ => reply(StatusCode::NOT_FOUND, "{}".to_owned()),
    };
    Ok(response)
}

impl Counter {
    /// Counts a message; its record as Twilio answers it, with the fields that a client may read.
    fn take(&self) -> String {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        self.posts.fetch_add(1, Ordering::SeqCst);
        self.last_ms.store(self.clock.now_ms(), Ordering::SeqCst);
        format!(
            r#"{{"sid":"SM{id:032x}","status":"queued","error_code":null,"error_message":null,"direction":"outbound-api","num_segments":"1"}}"#
        )
    }
}

fn reply(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}
