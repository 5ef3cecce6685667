//! Drives one server over connections that stay open, and takes the time of every answer.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use http_body_util::BodyExt;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::Failure;
use crate::client::{Ask, Client, Clients};

/// What one measurement found.
pub struct Sample {
    /// Answers per second.
    pub rate: f64,
    /// Microseconds from request to the end of its answer.
    pub latencies: Histogram<u64>,
}

/// Lets every client ask for `measured`, after a warm-up that does not count.
///
/// # Errors
/// An answer that is no success: a benchmark of errors measures nothing.
pub async fn drive(
    port: u16,
    clients: Clients,
    warm_up: Duration,
    measured: Duration,
) -> Result<Sample, Failure> {
    let start = Instant::now() + warm_up;
    let end = start + measured;
    let tasks: Vec<_> = clients
        .into_iter()
        .map(|client| tokio::task::spawn_local(connection(port, client, start, end)))
        .collect();
    let mut latencies = histogram();
    let mut last = start;
    for task in tasks {
        let (of_one, finished) = task.await??;
        latencies.add(of_one)?;
        last = last.max(finished);
    }
    let seconds = last.duration_since(start).as_secs_f64();
    Ok(Sample {
        rate: latencies.len() as f64 / seconds,
        latencies,
    })
}

/// One connection: asks, waits, asks again. Returns its latencies and the time of its last answer.
async fn connection(
    port: u16,
    mut client: Box<dyn Client>,
    start: Instant,
    end: Instant,
) -> Result<(Histogram<u64>, Instant), String> {
    let stream = TcpStream::connect(("127.0.0.1", port))
        .await
        .map_err(text)?;
    stream.set_nodelay(true).map_err(text)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(text)?;
    let asking = async {
        let mut latencies = histogram();
        let mut last = start;
        loop {
            let sent = Instant::now();
            if sent >= end {
                break;
            }
            let Some(request) = client.ask() else { break };
            let (head, body) = sender
                .send_request(request)
                .await
                .map_err(text)?
                .into_parts();
            let body = body.collect().await.map_err(text)?.to_bytes();
            let answered = Instant::now();
            if !head.status.is_success() {
                return Err(format!(
                    "{}: {}",
                    head.status,
                    String::from_utf8_lossy(&body)
                ));
            }
            client.answered(&head.headers);
            if sent >= start {
                latencies += (answered - sent).as_micros().max(1) as u64;
                last = answered;
            }
        }
        Ok((latencies, last))
    };
    // In one task, so that an answer wakes nobody else.
    tokio::select! {
        done = asking => done,
        ended = connection => Err(format!("the server closed a connection: {ended:?}")),
    }
}

/// One request over a connection of its own; its status and body, whatever they are.
pub async fn once(port: u16, request: Ask) -> Result<(u16, String), String> {
    let stream = TcpStream::connect(("127.0.0.1", port))
        .await
        .map_err(text)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(text)?;
    let asking = async {
        let (head, body) = sender
            .send_request(request)
            .await
            .map_err(text)?
            .into_parts();
        let body = body.collect().await.map_err(text)?.to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        Ok((head.status.as_u16(), body))
    };
    tokio::select! {
        biased;
        done = asking => done,
        ended = connection => Err(format!("the server closed a connection: {ended:?}")),
    }
}

/// Microseconds, to three digits, up to a minute.
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_max(60_000_000, 3).expect("bounds that fit")
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
