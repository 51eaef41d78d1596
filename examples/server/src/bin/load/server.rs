//! The server, as a process of its own.

use std::{env, error::Error, fs::File, net::SocketAddr, path::PathBuf, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

pub struct Server {
    child: Child,
    pub address: SocketAddr,
    log: PathBuf,
}

impl Server {
    pub async fn start(way: &str, seed: u64) -> Result<Self, Box<dyn Error>> {
        let log = PathBuf::from(env::var("LOGS")?).join(format!("{way}-{seed}.log"));
        let mut child = Command::new(env::current_exe()?.with_file_name("server"))
            .arg(way)
            .env("LISTEN", "127.0.0.1:0")
            .env("DEADLINE_MS", "500")
            .env("GRACE_MS", "30")
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().ok_or("no stdout")?;
        let line = BufReader::new(stdout).lines().next_line().await?;
        let line = line.ok_or_else(|| format!("the server did not start: {}", log.display()))?;
        let address = line.trim_start_matches("http://").parse()?;
        Ok(Self { child, address, log })
    }

    pub async fn terminate(&self) -> Result<(), Box<dyn Error>> {
        let process = self.child.id().ok_or("the server has ended early")?.to_string();
        Command::new("kill").args(["-TERM", &process]).status().await?;
        Ok(())
    }

    pub async fn ended(&mut self) -> Result<(), Box<dyn Error>> {
        let status = timeout(Duration::from_secs(60), self.child.wait()).await??;
        if status.success() {
            return Ok(());
        }
        Err(format!("the server ended with {status}: {}", self.log.display()).into())
    }
}
