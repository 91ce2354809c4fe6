//! The permission that an operation declares is asked for before anything of the request is read. Who may not learns
//! nothing else: not whether the record exists, nor what would have been wrong with the body.

use crate::kernel::{Error, Result};
use crate::platform::{App, Call, Caller, Permission, Stop};
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::collections::HashMap;
use std::sync::Arc;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{OpenApi, PathItem};

/// The permission of each operation, as the document declares it in `x-permission`.
#[derive(Clone)]
pub struct Guard {
    app: App,
    /// By path template; each method with what it asks for, `None` where nothing legible is declared.
    declared: Arc<HashMap<String, Vec<(Method, Option<Permission>)>>>,
}

impl Guard {
    /// Reads the declarations off the document that the router was made with.
    pub fn new(app: &App, document: &OpenApi) -> Guard {
        let declared = document.paths.paths.iter().map(|(path, item)| {
            let methods = operations(item).map(|(method, operation)| (method, permission(operation))).collect();
            (path.clone(), methods)
        });
        Guard { app: app.clone(), declared: Arc::new(declared.collect()) }
    }

    /// What an operation asks for; `None` for a method that the path does not have, which gets its own answer.
    fn asks(&self, path: &str, method: &Method) -> Result<Option<Permission>> {
        // An answer to HEAD is the answer to GET without its body.
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        let undeclared = || Error::internal(format!("{method} {path} declares no permission"));
        let methods = self.declared.get(path).ok_or_else(undeclared)?;
        match methods.iter().find(|(m, _)| m == method) {
            Some((_, permission)) => permission.ok_or_else(undeclared).map(Some),
            None => Ok(None),
        }
    }
}

/// The operations of a path.
fn operations(item: &PathItem) -> impl Iterator<Item = (Method, &Operation)> {
    [
        (Method::GET, &item.get),
        (Method::POST, &item.post),
        (Method::PUT, &item.put),
        (Method::PATCH, &item.patch),
        (Method::DELETE, &item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

fn permission(operation: &Operation) -> Option<Permission> {
    let declared = operation.extensions.as_ref()?.get("x-permission")?.as_str()?;
    Permission::ALL.iter().copied().find(|permission| permission.as_str() == declared)
}

/// Lets through who may, and answers who may not.
pub async fn ask(State(guard): State<Guard>, path: MatchedPath, request: Request, next: Next) -> Response {
    match admit(&guard, path.as_str(), request).await {
        Ok(request) => next.run(request).await,
        Err(stop) => stop.into_response(),
    }
}

async fn admit(guard: &Guard, path: &str, request: Request) -> Result<Request, Stop> {
    let Some(permission) = guard.asks(path, request.method())? else { return Ok(request) };
    // What everybody has needs no look into the database: `/healthz` answers without one.
    if permission.is_public() {
        return Ok(request);
    }
    let (mut parts, body) = request.into_parts();
    let call = Call::from_request_parts(&mut parts, &guard.app).await?;
    call.caller().require(permission)?;
    parts.extensions.insert::<Caller>(call.caller().clone());
    Ok(Request::from_parts(parts, body))
}
