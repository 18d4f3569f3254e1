//! The addresses of the page, and who may use them.
//!
//! The server listens on the loopback address alone, but every page of the web that is open in the
//! user's browser can send requests there. Those are refused by what a browser says of them: the
//! `Host` must be this machine (a foreign name that was made to lead here, as in DNS rebinding, is
//! none), and the `Origin` of whatever changes something must be this page.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bpekit_formats::LossPart;
use serde_json::Value;

use super::app::{Answer, App, Refusal};
use super::files;
use super::view::ViewOptions;
use crate::show;

/// The largest text: what a browser still lets one edit.
const MOST_TEXT: usize = 16 << 20;
/// The largest files: those of tokenizers, but not the GGUF file of a whole model.
const MOST_FILES: usize = 512 << 20;

/// The page may load what comes from here, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

type Parameters = Query<HashMap<String, String>>;

/// Listens on a port of the loopback address; 0 for any that is free.
///
/// # Errors
///
/// Those of the system, as of a port that is taken.
pub(crate) fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}

/// Answers until the process is ended.
///
/// # Errors
///
/// Those of the system, as where no thread can be started.
pub(crate) fn serve(listener: TcpListener, app: App) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        // Encoding and loading run beside the server, so that it answers meanwhile.
        .max_blocking_threads(4)
        .build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        axum::serve(listener, router(app)).await
    })
}

fn router(app: App) -> Router {
    let upload = post(open).layer(DefaultBodyLimit::max(MOST_FILES));
    let text = post(view).layer(DefaultBodyLimit::max(MOST_TEXT));
    Router::new()
        .route(
            "/",
            get(async || asset("text/html", include_str!("page.html"))),
        )
        .route("/page.css", get(style))
        .route(
            "/page.js",
            get(async || asset("text/javascript", include_str!("page.js"))),
        )
        .route("/api/start", get(start))
        .route("/api/open", upload)
        .route("/api/show", text)
        .route("/api/convert", post(convert))
        .route("/api/files/{number}/{name}", get(file))
        .fallback(|| async { Refusal::new(404, "there is nothing here") })
        .layer(middleware::from_fn(guard))
        .with_state(Arc::new(app))
}

/// Refuses strangers, and tells the browser to be strict.
async fn guard(request: Request, next: Next) -> Response {
    let mut response = match refusal(request.method(), request.headers()) {
        Some(refusal) => refusal.into_response(),
        None => next.run(request).await,
    };
    let strict: [(HeaderName, &str); 5] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in strict {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Why a request is not one of this page, if it is not.
fn refusal(method: &Method, headers: &HeaderMap) -> Option<Refusal> {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    let host = text(header::HOST).unwrap_or("");
    // Any port: a tunnel to this machine may begin at another.
    let (name, port) = host.rsplit_once(':').unwrap_or((host, ""));
    let is_here =
        matches!(name, "127.0.0.1" | "localhost") && port.bytes().all(|byte| byte.is_ascii_digit());
    if !is_here {
        return Some(Refusal::new(
            403,
            "this server answers to its own machine alone",
        ));
    }
    let is_ours = |origin: &str| origin.strip_prefix("http://") == Some(host);
    if *method != Method::GET && !text(header::ORIGIN).is_none_or(is_ours) {
        return Some(Refusal::new(403, "the request comes from another page"));
    }
    None
}

fn asset(kind: &'static str, content: &'static str) -> Response {
    let kind = match kind {
        "text/html" => "text/html; charset=utf-8",
        "text/javascript" => "text/javascript; charset=utf-8",
        _ => "text/css; charset=utf-8",
    };
    ([(header::CONTENT_TYPE, kind)], content).into_response()
}

/// The style of the page, with that of the tokens.
async fn style() -> Response {
    let content = [include_str!("page.css"), show::STYLE].concat();
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], content).into_response()
}

async fn start(State(app): State<Arc<App>>) -> Response {
    answer(move || Ok(app.start())).await
}

/// `?name=` opens by name; `?files=[["name",bytes],…]`, with the files one after the other in the
/// body, opens these, with `&pattern=` where it is wanted.
async fn open(State(app): State<Arc<App>>, Query(parameters): Parameters, body: Bytes) -> Response {
    answer(move || {
        if let Some(name) = parameters.get("name") {
            return app.open_named(name);
        }
        let names = parameters
            .get("files")
            .map(|list| serde_json::from_str(list));
        let Some(Ok(names)) = names else {
            return Err(Refusal::new(
                400,
                "neither `name` nor a list of `files` was given",
            ));
        };
        let names: Vec<(String, usize)> = names;
        let files = files::split(&names, body.into())?;
        let pattern = parameters
            .get("pattern")
            .filter(|pattern| !pattern.is_empty());
        app.open_files(files, pattern.map(String::as_str))
    })
    .await
}

/// `?keys=1,2&special=yes&frame=yes`, with the text as body.
async fn view(
    State(app): State<Arc<App>>,
    Query(parameters): Parameters,
    body: String,
) -> Response {
    answer(move || {
        let is_asked = |name: &str| parameters.get(name).is_some_and(|value| value == "yes");
        let options = ViewOptions {
            has_special: is_asked("special"),
            has_frame: is_asked("frame"),
        };
        let keys = parameters.get("keys").map_or("", String::as_str);
        let keys: Option<Vec<u64>> = keys.split(',').map(|key| key.parse().ok()).collect();
        match keys {
            Some(keys) if keys.len() <= 2 => app.show(&keys, &body, options),
            _ => Err(Refusal::new(400, "`keys` are one or two numbers")),
        }
    })
    .await
}

/// `?key=1&to=FORMAT&allow_loss=PART,PART`.
async fn convert(State(app): State<Arc<App>>, Query(parameters): Parameters) -> Response {
    answer(move || {
        let value = |name: &str| parameters.get(name).map_or("", String::as_str);
        let key = value("key").parse();
        let key = key.map_err(|_| Refusal::new(400, "`key` is a number"))?;
        let parts = value("allow_loss")
            .split(',')
            .filter(|part| !part.is_empty());
        let parts: Option<Vec<LossPart>> = parts.map(LossPart::from_name).collect();
        let parts = parts.ok_or_else(|| Refusal::new(400, "`allow_loss` has an unknown part"))?;
        app.convert(key, value("to"), parts)
    })
    .await
}

async fn file(State(app): State<Arc<App>>, Path((number, name)): Path<(u64, String)>) -> Response {
    match app.file(number, &name) {
        Some(bytes) => {
            let kind = [
                (header::CONTENT_TYPE, "application/octet-stream"),
                // The page says under which name.
                (header::CONTENT_DISPOSITION, "attachment"),
            ];
            (kind, Body::from(bytes)).into_response()
        }
        None => Refusal::new(404, "this file is no longer held; convert again").into_response(),
    }
}

/// Does the work beside the server.
async fn answer(work: impl FnOnce() -> Answer + Send + 'static) -> Response {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(value)) => json(StatusCode::OK, &value),
        Ok(Err(refusal)) => refusal.into_response(),
        Err(_) => {
            Refusal::new(500, "the work was ended by a fault; please report it").into_response()
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status);
        json(
            status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            &self.body,
        )
    }
}

fn json(status: StatusCode, value: &Value) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "application/json")],
        value.to_string(),
    )
        .into_response()
}
