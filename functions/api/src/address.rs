//! Where a request came from, for rate limits.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;
use lambda_http::request::RequestContext;

/// The network address of the caller. Headers are never believed: the caller writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAddress(String);

impl ClientAddress {
    /// As a key for limits: one household's IPv6 network counts as one address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
            }
        })
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let gateway = parts.extensions.get::<RequestContext>().and_then(|context| match context {
            RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref()?.parse().ok(),
            _ => None,
        });
        let peer = || parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        Ok(gateway.or_else(peer).map_or_else(|| Self("unknown".to_owned()), Self::of))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn address(request: http::request::Builder) -> String {
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        ClientAddress::from_request_parts(&mut parts, &()).await.unwrap().0
    }

    #[tokio::test]
    async fn the_gateway_or_the_connection_is_believed_and_no_header() {
        let forged = || http::Request::builder().header("x-forwarded-for", "203.0.113.9");
        let peer = |ip: &str| forged().extension(ConnectInfo(SocketAddr::new(ip.parse().unwrap(), 1)));
        assert_eq!(address(forged()).await, "unknown");
        assert_eq!(address(peer("198.51.100.7")).await, "198.51.100.7");
        assert_eq!(address(peer("::ffff:198.51.100.7")).await, "198.51.100.7");
        assert_eq!(address(peer("2001:db8:1:2:3:4:5:6")).await, "2001:db8:1:2::");
        let mut context = lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext::default();
        context.http.source_ip = Some("192.0.2.44".to_owned());
        assert_eq!(
            address(peer("10.0.0.1").extension(RequestContext::ApiGatewayV2(context))).await,
            "192.0.2.44"
        );
    }
}
