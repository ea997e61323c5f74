//! The local front door: the product's own router with API Gateway's limits, and what AWS does around it.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use runtime::QueueName;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tracing::error;

use crate::queue::LocalQueue;

/// API Gateway gives up on a function after this long.
const LONGEST_REQUEST: Duration = Duration::from_secs(30);

/// Serves the product on `listener`. `around` holds the routes that stand for AWS.
pub(crate) fn serve(listener: TcpListener, product: Router, around: Router) -> JoinHandle<()> {
    let product = product.layer(middleware::from_fn(time_limit));
    let app = around.merge(product).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move {
        if let Err(e) = axum::serve(listener, app).await {
            error!(error = %e, "the web server stopped");
        }
    })
}

/// SNS hands SES's events to the receipts queue.
pub(crate) fn ses_events(queue: LocalQueue) -> Router {
    Router::new().route("/_local/ses-events", post(take_event)).with_state(queue)
}

async fn take_event(State(queue): State<LocalQueue>, body: String) -> StatusCode {
    queue.put(QueueName::Receipts, body, 0);
    StatusCode::OK
}

async fn time_limit(request: Request, next: Next) -> Response {
    match tokio::time::timeout(LONGEST_REQUEST, next.run(request)).await {
        Ok(response) => response,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
