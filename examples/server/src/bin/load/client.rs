//! A client that is not always polite.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

use crate::plan::{Client, Request};

/// The end of a request, as its client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    Done,
    Failed,
    TooLate,
    Stopped,
    /// The server closed the connection, as it does after a panic.
    Closed,
    /// The client left first.
    Left,
    /// The server no longer listened.
    Refused,
    Other(u16),
}

pub async fn send(address: SocketAddr, request: Request) -> Answer {
    let Ok(mut stream) = TcpStream::connect(address).await else { return Answer::Refused };
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: server\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        request.path
    );
    if stream.write_all(head.as_bytes()).await.is_err() {
        return Answer::Refused;
    }
    match request.client {
        Client::Waits => answer(stream).await.unwrap_or(Answer::Closed),
        Client::Disconnects(after) => {
            sleep(after).await;
            Answer::Left
        }
        Client::Resets(after) => {
            sleep(after).await;
            stream.set_zero_linger().expect("a socket has the option");
            Answer::Left
        }
    }
}

/// Waits until the server has stopped listening, and some more for it to go on from there.
pub async fn refused(address: SocketAddr) {
    while TcpStream::connect(address).await.is_ok() {
        sleep(Duration::from_millis(5)).await;
    }
    sleep(Duration::from_millis(100)).await;
}

/// Reads the page that shows what runs.
pub async fn page(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: server\r\nconnection: close\r\n\r\n").await?;
    let mut page = String::new();
    stream.read_to_string(&mut page).await?;
    Ok(page)
}

async fn answer(mut stream: TcpStream) -> io::Result<Answer> {
    let mut response = String::new();
    stream.read_to_string(&mut response).await?;
    let status = response.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok(match status {
        Some(200) => Answer::Done,
        Some(500) => Answer::Failed,
        Some(503) => Answer::Stopped,
        Some(504) => Answer::TooLate,
        Some(other) => Answer::Other(other),
        None => Answer::Closed,
    })
}
